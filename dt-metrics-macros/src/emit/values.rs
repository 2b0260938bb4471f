//! The values of dimensions, as an expansion writes them.

use proc_macro2::{Literal, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::Ident;

use crate::parse::args::{Constant, Dims, Source};
use crate::tokens::{at, ours};

/// When the values of an instrument's dimensions are known.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Known {
    /// While the program is compiled: all are literals, or there are none.
    Compiled,
    /// Once, when the instrument is first used: some are `const { … }`.
    Once,
    /// On each call.
    Called,
}

impl Known {
    /// `generics` are the type and const parameters that are known to be in scope.
    pub(crate) fn of(dims: Option<&Dims>, generics: &[&Ident]) -> Self {
        let mut known = Self::Compiled;
        for dimension in dims.into_iter().flat_map(Dims::iter) {
            match &dimension.source {
                Source::Literal(_) => {}
                Source::Const(block) if !depends(block.to_token_stream(), generics) => {
                    known = Self::Once;
                }
                Source::Const(_) | Source::Expr(_) => return Self::Called,
            }
        }
        known
    }
}

/// Whether the value of these tokens can differ between the instances of a generic function: then
/// it cannot stand in a static, which they share.
///
/// A macro on a method does not see the parameters of the `impl` block: what is named as they
/// usually are, by one capital letter, is taken for one.
pub(crate) fn depends(tokens: TokenStream, generics: &[&Ident]) -> bool {
    let mut begins_path = true;
    tokens.into_iter().any(|token| {
        let begins = begins_path;
        begins_path = true;
        match token {
            TokenTree::Group(group) => depends(group.stream(), generics),
            TokenTree::Ident(ident) => begins && is_parameter(&ident, generics),
            TokenTree::Punct(punct) => {
                begins_path = !matches!(punct.as_char(), ':' | '.');
                false
            }
            TokenTree::Literal(_) => false,
        }
    })
}

fn is_parameter(ident: &Ident, generics: &[&Ident]) -> bool {
    let name = ident.to_string();
    let letter = name.trim_end_matches(|c: char| c.is_ascii_digit());
    name == "Self" || matches!(letter.as_bytes(), [b'A'..=b'Z']) || generics.contains(&ident)
}

/// The values of literals, as `Value`s.
pub(crate) fn constants(private: &TokenStream, dims: Option<&Dims>) -> TokenStream {
    let values = dims
        .into_iter()
        .flat_map(Dims::iter)
        .filter_map(|dimension| match &dimension.source {
            Source::Literal(literal) => Some(constant(private, literal)),
            Source::Const(_) | Source::Expr(_) => None,
        });
    quote_spanned!(ours()=> [#(#values),*])
}

/// The values of any expressions, as `Option<Value>`s in the order of the keys.
pub(crate) fn options(private: &TokenStream, dims: Option<&Dims>) -> TokenStream {
    let values = dims
        .into_iter()
        .flat_map(Dims::iter)
        .map(|dimension| match &dimension.source {
            Source::Literal(literal) => {
                let value = constant(private, literal);
                quote_spanned!(ours()=> ::core::option::Option::Some(#value))
            }
            Source::Const(block) => option(private, block),
            Source::Expr(expr) => option(private, expr),
        });
    quote_spanned!(ours()=> [#(#values),*])
}

fn option(private: &TokenStream, expr: &impl ToTokens) -> TokenStream {
    let borrowed = at(expr, &quote_spanned!(ours()=> &(#expr)));
    at(expr, &quote_spanned!(ours()=> #private::value(#borrowed)))
}

/// The values of literals, as `Option<Value>`s in the order of the keys; `None` for all others, and
/// for as many more as are `asked` when a call ends.
pub(crate) fn template(private: &TokenStream, dims: Option<&Dims>, asked: usize) -> TokenStream {
    let values = dims
        .into_iter()
        .flat_map(Dims::iter)
        .map(|dimension| match &dimension.source {
            Source::Literal(literal) => {
                let value = constant(private, literal);
                quote_spanned!(ours()=> ::core::option::Option::Some(#value))
            }
            Source::Const(_) | Source::Expr(_) => {
                quote_spanned!(ours()=> ::core::option::Option::None)
            }
        });
    let asked = (0..asked).map(|_| quote_spanned!(ours()=> ::core::option::Option::None));
    let values = values.chain(asked);
    quote_spanned!(ours()=> [#(#values),*])
}

/// The values of all but literals, as a list.
pub(crate) fn set(private: &TokenStream, dims: Option<&Dims>) -> TokenStream {
    each(private, dims, "dimension")
}

/// What `function` of the library makes of the values of all but literals, as a list.
pub(crate) fn each(private: &TokenStream, dims: Option<&Dims>, function: &str) -> TokenStream {
    let values = dims.into_iter().flat_map(Dims::iter);
    let values = values.filter_map(|dimension| match &dimension.source {
        Source::Literal(_) => None,
        Source::Const(block) => Some(borrowed(private, block, function)),
        Source::Expr(expr) => Some(borrowed(private, expr, function)),
    });
    list(&values.collect::<Vec<_>>())
}

/// The values of all, literals too, as a list.
pub(crate) fn all(private: &TokenStream, dims: Option<&Dims>) -> TokenStream {
    let values = dims.into_iter().flat_map(Dims::iter);
    let values = values.map(|dimension| match &dimension.source {
        Source::Literal(literal) => {
            let value = bare(literal);
            quote_spanned!(ours()=> &#value)
        }
        Source::Const(block) => borrowed(private, block, "dimension"),
        Source::Expr(expr) => borrowed(private, expr, "dimension"),
    });
    list(&values.collect::<Vec<_>>())
}

/// `(a, (b, ()))`.
pub(crate) fn list(values: &[TokenStream]) -> TokenStream {
    values.iter().rev().fold(
        quote_spanned!(ours()=> ()),
        |rest, value| quote_spanned!(ours()=> (#value, #rest)),
    )
}

fn borrowed(private: &TokenStream, expr: &impl ToTokens, function: &str) -> TokenStream {
    let function = Ident::new(function, ours());
    let borrowed = at(expr, &quote_spanned!(ours()=> &(#expr)));
    at(
        expr,
        &quote_spanned!(ours()=> #private::#function(#borrowed)),
    )
}

/// The value of a literal, of a type that is said.
fn bare(constant: &Constant) -> TokenStream {
    match constant {
        Constant::Str(literal) => literal.to_token_stream(),
        Constant::Bool(value) => value.to_token_stream(),
        Constant::I64(value) => Literal::i64_suffixed(*value).into_token_stream(),
        Constant::U64(value) => Literal::u64_suffixed(*value).into_token_stream(),
        Constant::F64(value) => Literal::f64_suffixed(*value).into_token_stream(),
    }
}

fn constant(private: &TokenStream, constant: &Constant) -> TokenStream {
    let variant = match constant {
        Constant::Str(_) => "Str",
        Constant::Bool(_) => "Bool",
        Constant::I64(_) => "I64",
        Constant::U64(_) => "U64",
        Constant::F64(_) => "F64",
    };
    let variant = Ident::new(variant, ours());
    let value = bare(constant);
    quote_spanned!(ours()=> #private::Value::#variant(#value))
}
