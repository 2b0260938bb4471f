//! The boundaries of a histogram's buckets.

use quote::ToTokens;
use syn::{Error, Expr, ExprLit, ExprUnary, Lit, Result, UnOp};

use super::text::ungrouped;

/// Finite, each greater than the one before.
pub(crate) struct Boundaries(pub(crate) Vec<f64>);

impl TryFrom<Expr> for Boundaries {
    type Error = Error;

    fn try_from(expr: Expr) -> Result<Self> {
        let array = match ungrouped(expr) {
            Expr::Array(array) => array,
            other => {
                let message = "expected a list of numbers, such as `[0.01, 0.1]`";
                return Err(Error::new_spanned(other, message));
            }
        };
        let mut boundaries: Vec<f64> = Vec::with_capacity(array.elems.len());
        for element in array.elems {
            let element = ungrouped(element);
            let boundary = number(&element)?;
            if boundaries.last().is_some_and(|last| *last >= boundary) {
                let message = "a boundary must be greater than the one before";
                return Err(Error::new_spanned(element, message));
            }
            boundaries.push(boundary);
        }
        Ok(Self(boundaries))
    }
}

/// The value of a literal, perhaps behind a minus.
fn number(expr: &Expr) -> Result<f64> {
    let (sign, literal) = match expr {
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => ("-", &**expr),
        other => ("", other),
    };
    let digits = match literal {
        Expr::Lit(ExprLit {
            lit: Lit::Float(float),
            ..
        }) if matches!(float.suffix(), "" | "f64") => float.base10_digits(),
        Expr::Lit(ExprLit {
            lit: Lit::Int(int), ..
        }) if matches!(int.suffix(), "" | "f64") => int.base10_digits(),
        _ => "",
    };
    format!("{sign}{digits}")
        .parse()
        .ok()
        .filter(|value: &f64| value.is_finite())
        .ok_or_else(|| {
            let message = "expected a finite number, such as `0.01`";
            Error::new_spanned(expr.to_token_stream(), message)
        })
}
