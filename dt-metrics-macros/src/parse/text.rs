//! Texts that are known at compile time: names, units, descriptions.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Error, Expr, ExprLit, ExprPath, Lit, LitStr, Result};

/// A string literal, or the path of a `const &str`.
#[derive(Clone)]
pub(crate) enum Text {
    Literal(LitStr),
    Path(ExprPath),
}

impl TryFrom<Expr> for Text {
    type Error = Error;

    fn try_from(expr: Expr) -> Result<Self> {
        match ungrouped(expr) {
            Expr::Lit(ExprLit {
                lit: Lit::Str(literal),
                ..
            }) => Ok(Self::Literal(literal)),
            Expr::Path(path) => match path.path.segments.first() {
                Some(first) if first.ident == "Self" => Err(Error::new(
                    first.ident.span(),
                    "`Self` is not known where the text is used: write the type's name",
                )),
                _ => Ok(Self::Path(path)),
            },
            other => Err(Error::new_spanned(
                other,
                "expected a string literal or the path of a `const` of type `&str`",
            )),
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

/// A string literal.
pub(crate) fn literal(expr: Expr) -> Result<LitStr> {
    match ungrouped(expr) {
        Expr::Lit(ExprLit {
            lit: Lit::Str(literal),
            ..
        }) => Ok(literal),
        other => Err(Error::new_spanned(other, "expected a string literal")),
    }
}

/// Takes off the invisible group that a fragment such as `$name:expr` of `macro_rules!` comes in.
pub(crate) fn ungrouped(mut expr: Expr) -> Expr {
    while let Expr::Group(group) = expr {
        expr = *group.expr;
    }
    expr
}
