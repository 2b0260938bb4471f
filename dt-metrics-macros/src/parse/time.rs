//! Units of time.

use syn::{Error, Expr, Result};

use super::text::Text;

/// A unit of time as a literal, or a path, of which only the compiler knows what it stands for.
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
