//! Tries a configuration, and says what to fix.

mod report;
mod run;
#[cfg(test)]
mod tests;

pub use self::report::{CheckReport, Problem, Step, Verdict};
pub(crate) use self::run::check;
