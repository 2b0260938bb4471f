//! `#[measured]` on an `impl` block: each of its functions is measured as if it was annotated.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::TokenStreamExt;
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Error, Ident, ItemImpl, Meta, Result, Type, TypeParamBound};

use crate::analyse::shape::check_stream;
use crate::annotations::MEASURED;
use crate::emit::checks;
use crate::parse::args::Args;
use crate::parse::item::{Function, Item, is_inert, regroup};
use crate::report::{self, Report};
use crate::tokens::{emit, is_ident, is_punct};

/// `#[measured]` on an `impl` block or a function. A `skip` that is still there is not in such a
/// block, which would have removed it.
pub(crate) fn measured(args: TokenStream, item: TokenStream) -> TokenStream {
    if is_skip(&args) {
        let message = "`skip` leaves a function out of an `impl` block that has `#[measured]`: \
                       this one has not";
        let error = Error::new_spanned(args, message);
        return report::untouched(item, &error);
    }
    match Block::parse(&item) {
        None => MEASURED.expand(args, item),
        Some(block) => {
            let expanded = block.quote(&args);
            expanded.unwrap_or_else(|error| report::untouched(block.bare(), &error))
        }
    }
}

/// An `impl` block, parsed no further than needed.
struct Block {
    /// Whether other macros may look at the block.
    has_macros: bool,
    /// Everything before the braces.
    header: TokenStream,
    /// The name of the type.
    ty: String,
    braces: Group,
}

impl Block {
    fn parse(item: &TokenStream) -> Option<Self> {
        let mut tokens: Vec<TokenTree> = item.clone().into_iter().collect();
        let is_keyword = |token: &&TokenTree| is_ident(token, "fn") || is_ident(token, "impl");
        if tokens
            .iter()
            .find(is_keyword)
            .is_some_and(|keyword| is_ident(keyword, "fn"))
        {
            return None;
        }
        let Some(TokenTree::Group(braces)) = tokens.pop() else {
            return None;
        };
        let header: TokenStream = tokens.into_iter().collect();
        let without_body = emit!(#header {});
        let block: ItemImpl = syn::parse2(without_body).ok()?;
        Some(Self {
            has_macros: !block.attrs.iter().all(is_inert),
            header,
            ty: name(&block.self_ty),
            braces,
        })
    }

    fn quote(&self, given: &TokenStream) -> Result<TokenStream> {
        let mut report = Report::default();
        let args = Args::parse(given.clone(), &MEASURED.annotation, &mut report);
        args.check_parts(&mut report);
        let mut without_self = Vec::new();
        let read = |input: ParseStream<'_>| {
            let mut items = TokenStream::new();
            items.append_all(input.call(Attribute::parse_inner)?);
            while !input.is_empty() {
                items.extend(self.item(input, given, &mut without_self, &mut report));
            }
            Ok(items)
        };
        let items = read.parse2(self.braces.stream())?;
        if let Some(error) = lack_self(&without_self) {
            report.add(error);
        }
        report.finish()?;
        let header = &self.header;
        let checks = checks::of_block(&args);
        let braces = regroup(&self.braces, items);
        Ok(emit!(#header #braces #checks))
    }

    /// The block as it was written, without the `#[measured]` of its functions: if these
    /// annotations were expanded, they would report further errors.
    fn bare(&self) -> TokenStream {
        let read = |input: ParseStream<'_>| {
            let mut items = TokenStream::new();
            items.append_all(input.call(Attribute::parse_inner)?);
            while !input.is_empty() {
                let ahead = input.fork();
                if let Ok(Item::Function(mut function)) = Item::parse_next(&ahead) {
                    input.advance_to(&ahead);
                    let _ = own(&mut function);
                    items.extend(function.untouched());
                } else {
                    items.extend(skip(input));
                }
            }
            Ok(items)
        };
        let items = self.braces.stream();
        let items = read.parse2(items.clone()).unwrap_or(items);
        let (header, braces) = (&self.header, regroup(&self.braces, items));
        emit!(#header #braces)
    }

    /// The next item, expanded if it is a function that is measured. A function that lacks the `self`
    /// that the block's arguments mention is added to `without_self`.
    fn item(
        &self,
        input: ParseStream<'_>,
        given: &TokenStream,
        without_self: &mut Vec<Ident>,
        report: &mut Report,
    ) -> TokenStream {
        let ahead = input.fork();
        let Ok(Item::Function(mut function)) = Item::parse_next(&ahead) else {
            // Let the compiler report invalid items.
            return skip(input);
        };
        input.advance_to(&ahead);
        function.is_read_by_macros = self.has_macros;
        let own = match own(&mut function) {
            Ok(Own::Nothing) if function.can_record() => TokenStream::new(),
            Ok(Own::Args(own)) => own,
            Ok(Own::Nothing | Own::Skip) => return function.untouched(),
            Err(error) => {
                report.add(error);
                return function.untouched();
            }
        };
        let annotation = &MEASURED.annotation;
        let Some(function) = report.note(Item::Function(function).function(annotation)) else {
            return TokenStream::new();
        };
        let mut args = Args::parse(own, annotation, report);
        // A `when` of the block is for those functions that can end like that.
        report.note(args.check_when(&function.sig.output));
        let block = Args::parse(given.clone(), annotation, &mut Report::default());
        args.inherit(block);
        report.note(args.check_self(&function.sig));
        report.note(check_stream(&args, &function));
        if function.sig.receiver().is_none() && args.mention_of_self(true).is_some() {
            without_self.push(function.sig.ident.clone());
        }
        args.complete(annotation, report);
        MEASURED.quote(&args, Some(&self.ty), function)
    }
}

/// The error for functions without the `self` that the arguments of their `impl` block mention.
fn lack_self(functions: &[Ident]) -> Option<Error> {
    let (first, others) = functions.split_first()?;
    let message = if others.is_empty() {
        format!(
            "`{first}` has no `self`, which the dimensions of this `impl` block mention: write \
             `#[measured(skip)]` on it to leave it out, or `#[measured(dims(…))]` to set \
             its own dimensions"
        )
    } else {
        let names: Vec<String> = functions.iter().map(|name| format!("`{name}`")).collect();
        format!(
            "{} have no `self`, which the dimensions of this `impl` block mention: write \
             `#[measured(skip)]` on each to leave it out, or `#[measured(dims(…))]` to set \
             its own dimensions",
            names.join(", ")
        )
    };
    Some(Error::new(first.span(), message))
}

/// The `#[measured]` of a method in an annotated block.
enum Own {
    Nothing,
    Skip,
    Args(TokenStream),
}

/// Takes the `#[measured]` off a function.
fn own(function: &mut Function) -> Result<Own> {
    let is_own = |attr: &Attribute| {
        let last = attr.path().segments.last();
        last.is_some_and(|segment| segment.ident == "measured")
    };
    let Some(place) = function.attrs.iter().position(is_own) else {
        return Ok(Own::Nothing);
    };
    match function.attrs.remove(place).meta {
        Meta::Path(_) => Ok(Own::Args(TokenStream::new())),
        Meta::List(list) if is_skip(&list.tokens) => Ok(Own::Skip),
        Meta::List(list) => Ok(Own::Args(list.tokens)),
        Meta::NameValue(meta) => {
            let message = "expected `#[measured]`, `#[measured(…)]` or `#[measured(skip)]`";
            Err(Error::new_spanned(meta, message))
        }
    }
}

/// Whether the only argument is `skip`.
fn is_skip(args: &TokenStream) -> bool {
    let mut tokens = args.clone().into_iter();
    matches!(
        (tokens.next(), tokens.next()),
        (Some(TokenTree::Ident(word)), None) if word == "skip"
    )
}

/// The tokens of one item: up to its `;`, or up to its braces unless they are behind a `=`.
fn skip(input: ParseStream<'_>) -> TokenStream {
    let mut item = TokenStream::new();
    let mut assigned = false;
    while let Ok(token) = input.parse::<TokenTree>() {
        let is_last = match &token {
            TokenTree::Punct(punct) => punct.as_char() == ';',
            TokenTree::Group(group) => !assigned && group.delimiter() == Delimiter::Brace,
            TokenTree::Ident(_) | TokenTree::Literal(_) => false,
        };
        assigned |= is_punct(&token, '=');
        item.append(token);
        if is_last {
            break;
        }
    }
    item
}

/// The last name in a type: `Handler` of `&mut api::Handler<T>`.
fn name(ty: &Type) -> String {
    let path = match ty {
        Type::Path(path) => Some(&path.path),
        Type::TraitObject(object) => object.bounds.iter().find_map(|bound| match bound {
            TypeParamBound::Trait(bound) => Some(&bound.path),
            _ => None,
        }),
        Type::Group(group) => return name(&group.elem),
        Type::Paren(paren) => return name(&paren.elem),
        Type::Reference(reference) => return name(&reference.elem),
        Type::Ptr(pointer) => return name(&pointer.elem),
        Type::Slice(slice) => return name(&slice.elem),
        Type::Array(array) => return name(&array.elem),
        _ => None,
    };
    let last = path.and_then(|path| path.segments.last());
    last.map_or_else(String::new, |last| last.ident.to_string())
}
