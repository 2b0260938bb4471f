//! Tries a configuration, and says what to fix.

mod report;
mod run;
#[cfg(test)]
mod tests;

pub use self::report::{Problem, Report, Step, Verdict};
pub(crate) use self::run::check;
