//! Tests of dt-metrics from outside; see `tests/`.

/// The code in the README compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
