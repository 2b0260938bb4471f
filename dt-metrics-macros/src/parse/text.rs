//! Texts that are known at compile time: names, units, descriptions.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Error, Expr, ExprLit, ExprPath, Lit, LitStr, Result};

use super::grammar::Kind;
use super::syntax::ungrouped;

/// A string literal, or the path of a `const &str`.
#[derive(Clone)]
pub(crate) enum Text {
    Literal(LitStr),
    Path(ExprPath),
}

impl TryFrom<Expr> for Text {
    type Error = Error;

    fn try_from(expr: Expr) -> Result<Self> {
        let path = match ungrouped(expr) {
            Expr::Path(path) => path,
            other => {
                let message = "expected a string literal or the path of a `const` of type `&str`";
                return literal_or(other, message).map(Self::Literal);
            }
        };
        match path.path.segments.first() {
            Some(first) if first.ident == "Self" => Err(Error::new(
                first.ident.span(),
                "`Self` is not known where the text is used: write the type's name",
            )),
            _ => Ok(Self::Path(path)),
        }
    }
}

impl ToTokens for Text {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Literal(literal) => literal.to_tokens(tokens),
            Self::Path(path) => path.to_tokens(tokens),
        }
    }
}

/// Reads a text of this kind. Only the compiler can check the text that a path refers to.
pub(crate) fn text(expr: Expr, kind: Kind) -> Result<Text> {
    let text = Text::try_from(expr)?;
    if let Text::Literal(literal) = &text {
        kind.check(&literal.value(), literal)?;
    }
    Ok(text)
}

/// A string literal.
pub(crate) fn literal(expr: Expr) -> Result<LitStr> {
    literal_or(ungrouped(expr), "expected a string literal")
}

fn literal_or(expr: Expr, message: &str) -> Result<LitStr> {
    match expr {
        Expr::Lit(ExprLit {
            lit: Lit::Str(literal),
            ..
        }) => Ok(literal),
        other => Err(Error::new_spanned(other, message)),
    }
}

/// A unit of time. Only the compiler can check the unit that a path refers to.
pub(crate) fn time_unit(expr: Expr) -> Result<Text> {
    let text = Text::try_from(expr)?;
    match &text {
        Text::Literal(literal) if nanoseconds(&literal.value()).is_none() => Err(Error::new(
            literal.span(),
            "the unit of a duration is `s`, `ms`, `us` or `ns`",
        )),
        _ => Ok(text),
    }
}

/// The length of a unit of time.
pub(crate) fn nanoseconds(unit: &str) -> Option<f64> {
    match unit {
        "s" => Some(1e9),
        "ms" => Some(1e6),
        "us" => Some(1e3),
        "ns" => Some(1.0),
        _ => None,
    }
}

/// The length in nanoseconds of a unit of time that values of any origin can have. The library has
/// an equal list for units that only the compiler can evaluate.
pub(crate) fn time_unit_length(unit: &str) -> Option<f64> {
    match unit {
        "min" => Some(6e10),
        "h" => Some(3.6e12),
        "d" => Some(8.64e13),
        "wk" => Some(6.048e14),
        other => nanoseconds(other),
    }
}
