//! `objective(success = "99.9%", latency = "250ms", percentile = "99%")`.

use proc_macro2::Span;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Error, Expr, ExprLit, Ident, Lit, LitStr, Result, parenthesized, token};

use super::syntax::{separated, skip, ungrouped, value};
use crate::report::Report;

/// The percentile of a latency that is given without one.
const PERCENTILE: f64 = 0.99;

/// The units of a latency, with their length in nanoseconds.
const UNITS: [(&str, f64); 6] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("min", 6e10),
    ("h", 3.6e12),
];

/// Service-level objectives of a function.
#[derive(Default)]
pub(crate) struct Objective {
    pub(crate) success: Option<Success>,
    pub(crate) latency: Option<Latency>,
}

/// The share of calls that succeed.
pub(crate) struct Success {
    /// More than 0, at most 1.
    pub(crate) ratio: f64,
    /// The place of the word `success`.
    pub(crate) span: Span,
}

/// The time that most calls take at most.
pub(crate) struct Latency {
    /// At least 1.
    pub(crate) nanoseconds: u64,
    /// The share of calls that are that fast: more than 0, at most 1.
    pub(crate) percentile: f64,
    /// The place of the word `latency`.
    pub(crate) span: Span,
}

impl Objective {
    /// Reads the parts in parentheses behind `key`.
    pub(crate) fn parse(input: ParseStream<'_>, key: &Ident, report: &mut Report) -> Result<Self> {
        if !input.peek(token::Paren) {
            let message = "`objective` needs its parts: write `objective(success = \"99.9%\")`";
            return Err(Error::new(key.span(), message));
        }
        let content;
        parenthesized!(content in input);
        let (mut success, mut latency, mut percentile) = (None, None, None);
        let is_empty = content.is_empty();
        separated(&content, report, |report| {
            let part = content.call(Ident::parse_any)?;
            let part_name = part.to_string();
            let slot = match part_name.as_str() {
                "success" => &mut success,
                "latency" => &mut latency,
                "percentile" => &mut percentile,
                _ => {
                    let message = format!(
                        "unknown part `{part}`: `objective` takes `success`, `latency` or \
                         `percentile`"
                    );
                    report.add(Error::new(part.span(), message));
                    return skip(&content);
                }
            };
            if slot.is_some() {
                let message = format!("`{part}` is given twice");
                report.add(Error::new(part.span(), message));
            }
            let given = value(&content)?;
            let number = report.note(match part_name.as_str() {
                "latency" => nanoseconds(given),
                _ => share(given),
            });
            *slot = Some((part.span(), number));
            Ok(())
        });
        if is_empty {
            let message = "an objective needs `success` or `latency`: write \
                           `objective(success = \"99.9%\")`";
            report.add(Error::new(key.span(), message));
        }
        if let (Some((span, _)), None) = (percentile, latency) {
            let message =
                "`percentile` belongs to a latency: write `latency = \"250ms\"` next to it";
            report.add(Error::new(span, message));
        }
        // The number of a part that is not valid is reported, and does not matter.
        let percentile = percentile.map_or(PERCENTILE, |(_, share)| share.unwrap_or(PERCENTILE));
        Ok(Self {
            success: success.map(|(span, ratio)| Success {
                ratio: ratio.unwrap_or(1.0),
                span,
            }),
            latency: latency.map(|(span, length)| Latency {
                nanoseconds: whole(length.unwrap_or(1.0)),
                percentile,
                span,
            }),
        })
    }
}

/// The whole number nearest to a positive one. Greater numbers than `u64` has become its greatest.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "as documented"
)]
fn whole(number: f64) -> u64 {
    number.round() as u64
}

/// The share that a percentage is: 0.999 of `"99.9%"`.
fn share(expr: Expr) -> Result<f64> {
    let literal = text(expr, "percentage", "99.9", "%")?;
    let text = literal.value();
    let Some(digits) = text.strip_suffix('%').map(str::trim_end) else {
        let message = if is_decimal(&text) {
            format!("`{text}` is not a percentage: write `{text}%`")
        } else {
            format!("`{text}` is not a percentage: write it as in `99.9%`")
        };
        return Err(Error::new(literal.span(), message));
    };
    // The nearest number to the written one, which a division would miss.
    let share = is_decimal(digits).then(|| format!("{digits}e-2").parse().ok());
    match share.flatten() {
        Some(share) if share > 0.0 && share <= 1.0 => Ok(share),
        Some(_) => {
            let message = format!(
                "`{text}` is out of range: a percentage of calls is more than `0%` and at most \
                 `100%`"
            );
            Err(Error::new(literal.span(), message))
        }
        None => {
            let message = format!("`{text}` is not a percentage: write it as in `99.9%`");
            Err(Error::new(literal.span(), message))
        }
    }
}

/// The nanoseconds of a duration with its unit: 250,000,000 of `"250ms"`.
fn nanoseconds(expr: Expr) -> Result<f64> {
    let literal = text(expr, "duration", "250", "ms")?;
    let text = literal.value();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (digits, unit) = text.split_at(end.unwrap_or(text.len()));
    let unit = unit.trim_start();
    let known = UNITS.iter().find(|(name, _)| *name == unit);
    let message = match (is_decimal(digits), known) {
        (true, Some((_, length))) => {
            let nanoseconds = digits.parse().map_or(0.0, |number: f64| number * length);
            if (0.5..1.8e19).contains(&nanoseconds) {
                return Ok(nanoseconds.max(1.0));
            }
            let range = "a latency is at least `1ns` and less than 500 years";
            format!("`{text}` is out of range: {range}")
        }
        (true, None) if unit.is_empty() => format!(
            "`{text}` has no unit: write `{text}ms`, or another of the units `ns`, `us`, `ms`, \
             `s`, `min` and `h`"
        ),
        (true, None) => format!(
            "`{unit}` is not a unit of time here: the units are `ns`, `us`, `ms`, `s`, `min` and \
             `h`"
        ),
        (false, _) => format!("`{text}` is not a duration: write it as in `250ms`"),
    };
    Err(Error::new(literal.span(), message))
}

/// Whether these are digits, with or without a decimal point among them.
fn is_decimal(digits: &str) -> bool {
    let parts = digits
        .split_once('.')
        .map_or([digits, "0"], |(a, b)| [a, b]);
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    parts.into_iter().all(is_number)
}

/// A string literal. The message about anything else has the text to write: for a number, that number
/// with the `unit`.
fn text(expr: Expr, what: &str, example: &str, unit: &str) -> Result<LitStr> {
    let expr = ungrouped(expr);
    let digits = match &expr {
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Str(literal) => return Ok(literal.clone()),
            Lit::Int(int) => Some(int.base10_digits().to_owned()),
            Lit::Float(float) => Some(float.base10_digits().to_owned()),
            _ => None,
        },
        _ => None,
    };
    let digits = digits.filter(|digits| is_decimal(digits));
    let digits = digits.as_deref().unwrap_or(example);
    let message = format!("expected a {what} in quotes: write `\"{digits}{unit}\"`");
    Err(Error::new_spanned(expr.to_token_stream(), message))
}
