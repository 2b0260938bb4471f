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

    /// The series of a metric line: its text up to the first space that is not escaped.
    pub(crate) fn of_line(line: &str) -> Self {
        let mut is_escaped = false;
        let end = line.bytes().position(|byte| {
            let is_end = byte == b' ' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            is_end
        });
        Self::of(&line[..end.unwrap_or(line.len())])
    }
}

#[cfg(test)]
mod tests;
