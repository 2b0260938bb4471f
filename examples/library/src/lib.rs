//! A library with metrics of its own. It sends nothing itself: the program that uses it decides
//! where they go, with one line in its `main`. Without that line an annotated call is one addition
//! to memory of its own thread.

use std::num::ParseIntError;

use dt_metrics::{DimensionValue, counted, measured};

/// The currencies known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DimensionValue)]
pub enum Currency {
    /// In the metrics: `euro`.
    Euro,
    /// In the metrics: `us_dollar`.
    UsDollar,
}

/// Reads an amount of cents.
///
/// # Errors
///
/// If `text` is not a number; counted with `outcome=err`.
#[measured(name = "money.parse")]
pub fn parse(text: &str) -> Result<u64, ParseIntError> {
    text.trim().parse()
}

/// Writes an amount of cents.
#[must_use]
#[counted(name = "money.formatted", dims(currency = currency))]
pub fn format(cents: u64, currency: Currency) -> String {
    let sign = match currency {
        Currency::Euro => '€',
        Currency::UsDollar => '$',
    };
    format!("{sign}{}.{:02}", cents / 100, cents % 100)
}
