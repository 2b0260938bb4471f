//! What tells the series of two data points apart.

use std::hash::{DefaultHasher, Hash, Hasher};

/// A series: its metric key and dimensions, as a hash. Equal for equal series in this process only.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Series(u64);

impl Series {
    /// The series of all that is hashed.
    pub(crate) fn of(parts: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        parts.hash(&mut hasher);
        Self(hasher.finish())
    }
}
