//! Compile-time assertions on what annotations say: the grammar is that of [`line`](crate::line),
//! the error stands at the caller, which an expansion puts where the user typed the text.

use crate::line::{self, Invalid};

macro_rules! checks {
    ($($(#[$doc:meta])+ $name:ident: $check:path;)+) => {$(
        $(#[$doc])+
        ///
        /// # Panics
        ///
        /// If it is not.
        #[track_caller]
        pub const fn $name(text: &str) {
            refuse($check(text));
        }
    )+};
}

checks! {
    /// Asserts that `text` can be the name of an instrument.
    check_name: line::check_instrument_name;
    /// Asserts that `text` can be the key of a dimension.
    check_dimension_key: line::check_dimension_key;
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
