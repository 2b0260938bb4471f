//! Literals that the macros evaluate: values of dimensions, boundaries of buckets, a limit.

use quote::ToTokens;
use syn::parse::ParseStream;
use syn::{Error, Expr, ExprLit, ExprUnary, Ident, Lit, LitInt, LitStr, Result, Token, UnOp};

use super::syntax::{ungrouped, value};

/// A value that is known while the program is compiled.
pub(crate) enum Constant {
    Str(LitStr),
    Bool(bool),
    I64(i64),
    U64(u64),
    F64(f64),
}

impl Constant {
    /// The value of a literal. It is `None` for any other expression, and for a literal that cannot
    /// be the value of a dimension or is out of its type's range: the compiler reports such
    /// literals.
    pub(crate) fn of(expr: &Expr) -> Option<Self> {
        match signed(expr)? {
            ("", Lit::Str(literal)) => Some(Self::Str(literal.clone())),
            ("", Lit::Bool(literal)) => Some(Self::Bool(literal.value)),
            (sign, Lit::Int(literal)) => Self::int(literal, sign),
            (sign, Lit::Float(literal)) => {
                Self::float(sign, literal.base10_digits(), literal.suffix())
            }
            _ => None,
        }
    }

    /// The nearest `f64`, if this is a number.
    #[expect(clippy::cast_precision_loss, reason = "as documented")]
    pub(crate) fn number(&self) -> Option<f64> {
        match *self {
            Self::I64(value) => Some(value as f64),
            Self::U64(value) => Some(value as f64),
            Self::F64(value) => Some(value),
            Self::Str(_) | Self::Bool(_) => None,
        }
    }

    fn int(literal: &LitInt, sign: &str) -> Option<Self> {
        let digits = format!("{sign}{}", literal.base10_digits());
        let signed = |value: Option<i64>| value.map(Self::I64);
        let unsigned = |value: Option<u64>| value.map(Self::U64);
        match literal.suffix() {
            "" => signed(digits.parse().ok()).or_else(|| unsigned(digits.parse().ok())),
            "i64" | "isize" => signed(digits.parse().ok()),
            "i8" => signed(digits.parse::<i8>().ok().map(i64::from)),
            "i16" => signed(digits.parse::<i16>().ok().map(i64::from)),
            "i32" => signed(digits.parse::<i32>().ok().map(i64::from)),
            "u8" => unsigned(digits.parse::<u8>().ok().map(u64::from)),
            "u16" => unsigned(digits.parse::<u16>().ok().map(u64::from)),
            "u32" => unsigned(digits.parse::<u32>().ok().map(u64::from)),
            "u64" | "usize" => unsigned(digits.parse().ok()),
            "f32" | "f64" => Self::float(sign, literal.base10_digits(), literal.suffix()),
            _ => None,
        }
    }

    fn float(sign: &str, digits: &str, suffix: &str) -> Option<Self> {
        let digits = format!("{sign}{digits}");
        let value = match suffix {
            "f32" => digits.parse::<f32>().ok().map(f64::from),
            _ => digits.parse::<f64>().ok(),
        };
        value.filter(|value| value.is_finite()).map(Self::F64)
    }
}

/// A literal and the sign in front of it.
fn signed(expr: &Expr) -> Option<(&'static str, &Lit)> {
    let (sign, literal) = match expr {
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => ("-", &**expr),
        other => ("", other),
    };
    match literal {
        Expr::Lit(ExprLit { lit, attrs, .. }) if attrs.is_empty() => Some((sign, lit)),
        _ => None,
    }
}

/// The boundaries of a histogram's buckets: finite numbers, each greater than the one before.
pub(crate) fn boundaries(expr: Expr) -> Result<Vec<f64>> {
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
        let boundary = boundary(&element)?;
        if boundaries.last().is_some_and(|last| *last >= boundary) {
            let message = "a boundary must be greater than the one before";
            return Err(Error::new_spanned(element, message));
        }
        boundaries.push(boundary);
    }
    Ok(boundaries)
}

fn boundary(expr: &Expr) -> Result<f64> {
    let (sign, digits, suffix) = match signed(expr) {
        Some((sign, Lit::Float(float))) => (sign, float.base10_digits(), float.suffix()),
        Some((sign, Lit::Int(int))) => (sign, int.base10_digits(), int.suffix()),
        _ => ("", "", ""),
    };
    let number = format!("{sign}{digits}").parse().ok();
    number
        .filter(|number: &f64| number.is_finite() && matches!(suffix, "" | "f64"))
        .ok_or_else(|| {
            let message = "expected a finite number, such as `0.01`";
            Error::new_spanned(expr.to_token_stream(), message)
        })
}

/// A number that a counter can add, as far as a macro can check: not a negative literal.
pub(crate) fn amount(expr: Expr) -> Result<Expr> {
    let expr = ungrouped(expr);
    match signed(&expr) {
        Some(("-", Lit::Int(_) | Lit::Float(_))) => {
            let message = "a counter only grows: for a number that can be negative, use \
                           `up_down_counter!`";
            Err(Error::new_spanned(expr, message))
        }
        _ => Ok(expr),
    }
}

/// `= condition` after `key`, as far as a macro can check: not a literal, and not a function of the
/// value.
pub(crate) fn condition(input: ParseStream<'_>, key: &Ident) -> Result<Expr> {
    if !input.peek(Token![=]) {
        let message = format!("`{key}` needs a condition: write `{key} = ret.is_none()`");
        return Err(Error::new(key.span(), message));
    }
    let expr = ungrouped(value(input)?);
    match &expr {
        Expr::Closure(_) => {
            let message = format!(
                "`{key}` takes the condition itself, with the returned value as `ret`: write \
                 `{key} = ret.is_none()`, not a closure"
            );
            Err(Error::new_spanned(expr, message))
        }
        Expr::Lit(_) => {
            let message = format!(
                "expected a condition on the returned value `ret`, such as \
                 `{key} = ret.is_none()`"
            );
            Err(Error::new_spanned(expr, message))
        }
        _ => Ok(expr),
    }
}

/// `= true` or `= false` behind `key`.
pub(crate) fn flag(input: ParseStream<'_>, key: &Ident) -> Result<bool> {
    if !input.peek(Token![=]) {
        let message = format!("`{key}` needs a value: write `{key} = false` to leave it out");
        return Err(Error::new(key.span(), message));
    }
    let expr = ungrouped(value(input)?);
    if let Some(Constant::Bool(flag)) = Constant::of(&expr) {
        Ok(flag)
    } else {
        let message = format!("expected `true` or `false`: write `{key} = false` to leave it out");
        Err(Error::new_spanned(expr, message))
    }
}

/// The limit of an instrument's series.
pub(crate) fn cardinality_limit(expr: Expr) -> Result<u32> {
    let expr = ungrouped(expr);
    let limit = match &expr {
        Expr::Lit(ExprLit {
            lit: Lit::Int(int), ..
        }) => int.base10_parse().ok(),
        _ => None,
    };
    limit
        .filter(|&limit| limit > 0)
        .ok_or_else(|| Error::new_spanned(expr, "expected a whole number from 1 to 4294967295"))
}
