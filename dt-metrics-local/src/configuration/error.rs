//! Errors of reading metrics.

use thiserror::Error;

/// The reason why metrics cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// The text is empty.
    #[error("it is empty: check that the program prints its catalogue")]
    Empty,
    /// The text is not the JSON of a catalogue or of received series. The message contains line and column.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// No metric key can begin with the prefix.
    #[error("the prefix {prefix:?} cannot begin a metric key: {reason}")]
    #[non_exhaustive]
    Prefix {
        /// The prefix.
        prefix: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
}
