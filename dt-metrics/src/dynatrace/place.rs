//! Where a request stands among all.

/// Grows from request to request.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Place {
    /// The parts of one request share it.
    pub(super) sequence: u64,
    /// Where in that request a part of it begins.
    pub(super) part: u64,
}

impl Place {
    /// Of a whole request.
    pub(super) fn of(sequence: u64) -> Self {
        Self { sequence, part: 0 }
    }
}
