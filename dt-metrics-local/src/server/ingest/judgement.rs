//! The judgement of a request, and the rules by which it is judged.

use crate::protocol::Reader;
use crate::server::response::Answer;
use crate::store::Contents;

/// The answer to a request, and the contents that the store receives.
pub(super) struct Judgement {
    pub(super) answer: Answer,
    pub(super) contents: Contents,
}

/// An answer to a request without contents.
impl From<Answer> for Judgement {
    fn from(answer: Answer) -> Self {
        Self {
            answer,
            contents: Contents::default(),
        }
    }
}

/// The rules for a request.
pub(super) struct Rules {
    pub(super) is_token_needed: bool,
    /// Reads lines, and checks timestamps.
    pub(super) reader: Reader,
    /// Whether metric keys get the suffixes of Metrics Classic.
    pub(super) is_classic: bool,
    /// The number of valid lines or data points to refuse all the same.
    pub(super) refused_on_demand: usize,
}
