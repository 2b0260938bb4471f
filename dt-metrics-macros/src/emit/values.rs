//! The values of dimensions, as expansions write them.

use proc_macro2::{Literal, TokenStream};
use quote::ToTokens;
use syn::Expr;

use crate::parse::dims::{Dimension, Source};
use crate::parse::literal::Constant;
use crate::tokens::{Private, at, emit, ident};

/// The values of literals: an array of `Value`s.
pub(crate) fn constants(private: &Private, dims: &[Dimension]) -> TokenStream {
    let values = dims.iter().filter_map(|dimension| match &dimension.source {
        Source::Literal(literal) => Some(value(private, literal)),
        Source::Expr(_) | Source::Spread(_) => None,
    });
    emit!([#(#values),*])
}

/// The values of all dimensions: an array of `Option<Value>`s in the order of the keys.
pub(crate) fn options(private: &Private, dims: &[Dimension]) -> TokenStream {
    let values = dims.iter().map(|dimension| match &dimension.source {
        Source::Literal(literal) => some(private, literal),
        Source::Expr(expr) | Source::Spread(expr) => borrowed(private, dimension, expr, "value"),
    });
    emit!([#(#values),*])
}

/// The array of [`options`] with `None` in place of each value that a call has to pass, `at_end` of
/// them after the values of `dims`.
pub(crate) fn template(private: &Private, dims: &[Dimension], at_end: usize) -> TokenStream {
    let none = || emit!(::core::option::Option::None);
    let values = dims.iter().map(|dimension| match &dimension.source {
        Source::Literal(literal) => some(private, literal),
        Source::Expr(_) | Source::Spread(_) => none(),
    });
    let values = values.chain((0..at_end).map(|_| none()));
    emit!([#(#values),*])
}

/// The values of all dimensions but literals, each passed to `function` of the library: a list.
pub(crate) fn passed(private: &Private, dims: &[Dimension], function: &str) -> TokenStream {
    let values = dims.iter().filter_map(|dimension| {
        let expr = dimension.expr()?;
        Some(borrowed(private, dimension, expr, function))
    });
    list(&values.collect::<Vec<_>>())
}

/// The values of all dimensions, literals included: a list.
pub(crate) fn all(private: &Private, dims: &[Dimension]) -> TokenStream {
    let values = dims.iter().map(|dimension| match &dimension.source {
        Source::Literal(literal) => {
            let (_, value) = typed(literal);
            emit!(&#value)
        }
        Source::Expr(expr) | Source::Spread(expr) => {
            borrowed(private, dimension, expr, "dimension")
        }
    });
    list(&values.collect::<Vec<_>>())
}

/// The library's type of lists: `(a, (b, ()))`.
pub(crate) fn list(values: &[TokenStream]) -> TokenStream {
    let values = values.iter().rev();
    values.fold(emit!(()), |rest, value| emit!((#value, #rest)))
}

fn borrowed(private: &Private, dimension: &Dimension, expr: &Expr, function: &str) -> TokenStream {
    let mut borrowed = at(expr, &emit!(&(#expr)));
    if let Source::Spread(_) = dimension.source {
        let spread = match function {
            "keep" | "keep_any" => emit!(#private::KeptSpread::new(#borrowed)),
            _ => emit!(&#private::Spread::new(#borrowed)),
        };
        return at(expr, &spread);
    }
    let function = ident(function);
    if let Some(format) = dimension.format {
        let format = ident(format.constructor());
        borrowed = at(expr, &emit!(&#private::Formatted::#format(#borrowed)));
    }
    at(expr, &emit!(#private::#function(#borrowed)))
}

fn some(private: &Private, literal: &Constant) -> TokenStream {
    let value = value(private, literal);
    emit!(::core::option::Option::Some(#value))
}

fn value(private: &Private, literal: &Constant) -> TokenStream {
    let (variant, value) = typed(literal);
    let variant = ident(variant);
    emit!(#private::Value::#variant(#value))
}

/// The variant of the library's `Value` for a literal, and the literal with its type.
fn typed(literal: &Constant) -> (&'static str, TokenStream) {
    match literal {
        Constant::Str(literal) => ("Str", literal.to_token_stream()),
        Constant::Bool(value) => ("Bool", value.to_token_stream()),
        Constant::I64(value) => ("I64", Literal::i64_suffixed(*value).into_token_stream()),
        Constant::U64(value) => ("U64", Literal::u64_suffixed(*value).into_token_stream()),
        Constant::F64(value) => ("F64", Literal::f64_suffixed(*value).into_token_stream()),
    }
}
