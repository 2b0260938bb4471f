//! The body of a request: lines of data points and of metadata, with line ends between them.

use std::hash::{DefaultHasher, Hash, Hasher};

/// The beginning of a line of metadata.
const METADATA: char = '#';

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

/// Lines of one body.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Lines {
    pub(crate) text: String,
    /// The number of lines of data points.
    pub(crate) points: u64,
    /// The number of lines of metadata.
    pub(crate) metadata: u64,
}

impl Lines {
    /// Reads a body, and counts its lines as a server would.
    #[cfg(test)]
    pub(crate) fn of(text: &str) -> Self {
        let mut lines = Self::default();
        text.split('\n').for_each(|line| lines.push(line));
        lines
    }

    fn push(&mut self, line: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(line);
        if line.starts_with(METADATA) {
            self.metadata += 1;
        } else {
            self.points += 1;
        }
    }

    /// Splits a body with this number of data points in two with half of them each, metadata still
    /// before them. A single data point becomes one half without metadata.
    pub(crate) fn halves(text: &str, points: u64) -> [Self; 2] {
        let mut halves = [Self::default(), Self::default()];
        let mut index = 0;
        for line in text.split('\n') {
            let half = &mut halves[usize::from(index >= points / 2)];
            if !line.starts_with(METADATA) {
                index += 1;
            } else if points == 1 {
                continue;
            }
            half.push(line);
        }
        halves
    }

    /// Splits a body into the data points whose [`series`] `moves` selects, and all other lines.
    pub(crate) fn partition(text: &str, moves: impl Fn(&str) -> bool) -> (Self, Vec<&str>) {
        let (mut rest, mut apart) = (Self::default(), Vec::new());
        for line in text.split('\n') {
            if !line.starts_with(METADATA) && moves(series(line)) {
                apart.push(line);
            } else {
                rest.push(line);
            }
        }
        (rest, apart)
    }
}

/// The numbers of the lines of metadata, from 1.
pub(crate) fn metadata_numbers(text: &str) -> impl Iterator<Item = usize> {
    (1..)
        .zip(text.split('\n'))
        .filter(|(_, line)| line.starts_with(METADATA))
        .map(|(number, _)| number)
}

/// The series of the first data point of a body.
pub(crate) fn series_of_first(text: &str) -> &str {
    let mut lines = text.split('\n');
    let first = lines.find(|line| !line.starts_with(METADATA));
    series(first.unwrap_or_default())
}

/// The metric key and the dimensions of a line: its text up to the first space that is not escaped.
pub(crate) fn series(line: &str) -> &str {
    let mut is_escaped = false;
    let end = line.bytes().position(|byte| {
        let is_end = byte == b' ' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    &line[..end.unwrap_or(line.len())]
}
