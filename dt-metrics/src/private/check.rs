//! Compile-time assertions about the texts of annotations. The grammar is that of
//! [`line`](crate::line). Errors are reported at the caller, which an expansion puts at the place
//! where the user typed the text.

use crate::line::{self, Invalid};

macro_rules! checks {
    ($($(#[$doc:meta])+ $name:ident: $check:path;)+) => {$(
        $(#[$doc])+
        ///
        /// # Panics
        ///
        /// If it cannot.
        #[track_caller]
        pub const fn $name(text: &str) {
            refuse($check(text));
        }
    )+};
}

checks! {
    /// Asserts that `text` can be the name of an instrument.
    check_name: line::check_instrument_name;
    /// Asserts that `text` can be a unit.
    check_unit: line::check_unit;
    /// Asserts that `text` can be a description.
    check_description: line::check_description;
}

#[track_caller]
#[expect(
    clippy::panic,
    reason = "called by constants only: the panic is a compile error"
)]
const fn refuse(checked: Result<(), Invalid>) {
    if let Err(invalid) = checked {
        panic!("{}", invalid.message());
    }
}

/// The length in nanoseconds of a unit of time whose text only the compiler can evaluate.
///
/// # Panics
///
/// If `unit` is not a unit of durations.
#[must_use]
#[track_caller]
#[expect(
    clippy::panic,
    reason = "called by constants only: the panic is a compile error"
)]
pub const fn unit_nanoseconds(unit: &str) -> f64 {
    match unit.as_bytes() {
        b"s" => 1e9,
        b"ms" => 1e6,
        b"us" => 1e3,
        b"ns" => 1.0,
        _ => panic!("the unit of a duration is `s`, `ms`, `us` or `ns`"),
    }
}

/// The length in nanoseconds of a unit of time whose text only the compiler can evaluate; 0 for any
/// other unit.
#[must_use]
pub const fn time_unit_length(unit: &str) -> f64 {
    match unit.as_bytes() {
        b"ns" => 1.0,
        b"us" => 1e3,
        b"ms" => 1e6,
        b"s" => 1e9,
        b"min" => 6e10,
        b"h" => 3.6e12,
        b"d" => 8.64e13,
        b"wk" => 6.048e14,
        _ => 0.0,
    }
}
