//! `#[measured]` on an `impl` block: each function of it is measured, as if annotated.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{TokenStreamExt, quote_spanned};
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Error, ItemImpl, Meta, Result, Type};

use crate::annotations::{self, MEASURED};
use crate::emit::checks;
use crate::parse::args::Args;
use crate::parse::item::{self as body, Function, Item};
use crate::parse::valid;
use crate::report::Report;
use crate::tokens::ours;

/// An `impl` block, read no further than needed.
struct Block {
    /// Whether other macros will look at the block.
    has_macros: bool,
    /// Everything before the braces.
    header: TokenStream,
    /// The name of the type.
    ty: String,
    braces: Group,
}

/// The expansion, if `item` is an `impl` block.
pub(crate) fn measured(args: &TokenStream, item: &TokenStream) -> Option<Result<TokenStream>> {
    let block = Block::parse(item)?;
    Some(block.quote(args))
}

impl Block {
    fn parse(item: &TokenStream) -> Option<Self> {
        let mut tokens: Vec<TokenTree> = item.clone().into_iter().collect();
        let Some(TokenTree::Group(braces)) = tokens.pop() else {
            return None;
        };
        let header: TokenStream = tokens.into_iter().collect();
        let without_body = quote_spanned!(ours()=> #header {});
        let block: ItemImpl = syn::parse2(without_body).ok()?;
        Some(Self {
            has_macros: !block.attrs.iter().all(body::is_inert),
            header,
            ty: name(&block.self_ty),
            braces,
        })
    }

    fn quote(&self, given: &TokenStream) -> Result<TokenStream> {
        let mut report = Report::default();
        let args = Args::parse(given.clone(), &MEASURED, &mut report);
        let read = |input: ParseStream<'_>| {
            let mut items = TokenStream::new();
            items.append_all(input.call(Attribute::parse_inner)?);
            while !input.is_empty() {
                items.extend(self.item(input, given, &mut report));
            }
            Ok(items)
        };
        let items = read.parse2(self.braces.stream())?;
        report.finish()?;
        let header = &self.header;
        let checks = checks::of_block(&args);
        let braces = body::regroup(&self.braces, items);
        Ok(quote_spanned!(ours()=> #header #braces #checks))
    }

    /// The next item, expanded if it is a function that is measured.
    fn item(
        &self,
        input: ParseStream<'_>,
        given: &TokenStream,
        report: &mut Report,
    ) -> TokenStream {
        let ahead = input.fork();
        let Ok(Item::Function(mut function)) = Item::parse_next(&ahead) else {
            // What is not understood is left to the compiler.
            return skip(input);
        };
        input.advance_to(&ahead);
        function.stays_async = self.has_macros;
        let own = match own(&mut function) {
            Some(Ok(Own::Skip)) => return function.untouched(),
            None if function.sig.constness.is_some() => return function.untouched(),
            None => TokenStream::new(),
            Some(Ok(Own::Args(own))) => own,
            Some(Err(error)) => {
                report.note::<()>(Err(error));
                return function.untouched();
            }
        };
        let item = Item::Function(function);
        let Some(function) = report.note(valid::function(item, &MEASURED)) else {
            return TokenStream::new();
        };
        let mut args = Args::parse(own, &MEASURED, report);
        // What the block says is for those of its functions that it fits.
        report.note(valid::when(&args, &function));
        args.inherit(Args::parse(
            given.clone(),
            &MEASURED,
            &mut Report::default(),
        ));
        args.complete(&MEASURED, report);
        annotations::measured_of(&args, Some(&self.ty), function)
    }
}

/// What a method's own annotation says.
enum Own {
    Skip,
    Args(TokenStream),
}

/// Takes the `#[measured]` off a function.
fn own(function: &mut Function) -> Option<Result<Own>> {
    let is_own = |attr: &Attribute| {
        let last = attr.path().segments.last();
        last.is_some_and(|segment| segment.ident == "measured")
    };
    let place = function.attrs.iter().position(is_own)?;
    let attr = function.attrs.remove(place);
    Some(match attr.meta {
        Meta::Path(_) => Ok(Own::Args(TokenStream::new())),
        Meta::List(list) if is_skip(&list.tokens) => Ok(Own::Skip),
        Meta::List(list) => Ok(Own::Args(list.tokens)),
        Meta::NameValue(meta) => Err(Error::new_spanned(
            meta,
            "expected `#[measured]`, `#[measured(…)]` or `#[measured(skip)]`",
        )),
    })
}

/// Whether the only argument is `skip`.
pub(crate) fn is_skip(args: &TokenStream) -> bool {
    let mut tokens = args.clone().into_iter();
    matches!(
        (tokens.next(), tokens.next()),
        (Some(TokenTree::Ident(word)), None) if word == "skip"
    )
}

/// The tokens of one item: to its `;`, or to its braces if it has no `=`.
fn skip(input: ParseStream<'_>) -> TokenStream {
    let mut item = TokenStream::new();
    let mut assigned = false;
    while let Ok(token) = input.parse::<TokenTree>() {
        let over = match &token {
            TokenTree::Punct(punct) if punct.as_char() == '=' => {
                assigned = true;
                false
            }
            TokenTree::Punct(punct) => punct.as_char() == ';',
            TokenTree::Group(group) => !assigned && group.delimiter() == Delimiter::Brace,
            _ => false,
        };
        item.append(token);
        if over {
            break;
        }
    }
    item
}

/// The last name in a type: `Handler` of `&mut api::Handler<T>`.
fn name(ty: &Type) -> String {
    match ty {
        Type::Path(path) => match path.path.segments.last() {
            Some(last) => last.ident.to_string(),
            None => String::new(),
        },
        Type::Group(group) => name(&group.elem),
        Type::Paren(paren) => name(&paren.elem),
        Type::Reference(reference) => name(&reference.elem),
        Type::Ptr(pointer) => name(&pointer.elem),
        Type::Slice(slice) => name(&slice.elem),
        Type::Array(array) => name(&array.elem),
        Type::TraitObject(object) => {
            let bounds = object.bounds.iter().find_map(|bound| match bound {
                syn::TypeParamBound::Trait(bound) => bound.path.segments.last(),
                _ => None,
            });
            bounds.map_or_else(String::new, |last| last.ident.to_string())
        }
        _ => String::new(),
    }
}
