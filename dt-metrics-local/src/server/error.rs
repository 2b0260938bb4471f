/// A fault that the endpoint cannot show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultError {
    /// Not a status that ends a request.
    #[error("{0} is not a final HTTP status (200 to 999)")]
    Status(u16),
    /// A header whose name or value HTTP does not allow.
    #[error("header {0:?} has a name or value that HTTP does not allow")]
    Header(String),
    /// A pace of no bytes at all: that is silence.
    #[error("a pace is at least one byte a second; for less there is silence")]
    Pace,
    /// Faults to choose from, none of which has a weight.
    #[error("at least one fault needs a weight over 0")]
    Weights,
    /// A text that names no fault.
    #[error("{0:?} names no fault")]
    Unknown(String),
    /// A fault with a value that it does not take.
    #[error("the fault {fault:?} takes {expected}")]
    Value {
        /// The fault, as given.
        fault: String,
        /// What was expected.
        expected: &'static str,
    },
}
