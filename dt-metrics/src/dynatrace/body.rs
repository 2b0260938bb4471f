//! The body of a request, and its parts.

use std::sync::Arc;

/// What the lines of metadata begin with.
const METADATA: char = '#';

/// The body of one request: lines with line ends between them; never empty.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Body {
    /// Behind an `Arc`, since an attempt to send it must not take it out of the queue.
    pub(super) text: Arc<String>,
    /// Data points.
    pub(super) lines: u64,
    /// Lines that say what the metrics mean, each before the first data point of its key.
    metadata: u64,
}

impl Body {
    pub(super) fn new(text: String, lines: u64, metadata: u64) -> Self {
        Self {
            text: Arc::new(text),
            lines,
            metadata,
        }
    }

    #[cfg(test)]
    pub(super) fn of(text: &str) -> Self {
        let metadata = text
            .split('\n')
            .filter(|line| line.starts_with(METADATA))
            .count();
        let lines = text.split('\n').count() - metadata;
        Self::new(text.into(), lines as u64, metadata as u64)
    }

    /// All lines, as a server counts them.
    pub(super) fn all_lines(&self) -> u64 {
        self.lines + self.metadata
    }

    /// The numbers of its lines of metadata, from 1.
    pub(super) fn metadata_numbers(&self) -> impl Iterator<Item = usize> {
        (1..)
            .zip(self.described().split('\n'))
            .filter(|(_, line)| line.starts_with(METADATA))
            .map(|(number, _)| number)
    }

    /// The keys that its metadata is about.
    pub(super) fn described_keys(&self) -> impl Iterator<Item = &str> {
        self.described()
            .split('\n')
            .filter_map(|line| line.strip_prefix(METADATA)?.split(' ').next())
    }

    /// The text, if there is metadata in it: most bodies need not be searched.
    fn described(&self) -> &str {
        if self.metadata > 0 { &self.text } else { "" }
    }

    /// Whether parts of it can be sent by themselves.
    pub(super) fn is_divisible(&self) -> bool {
        self.all_lines() > 1
    }

    /// Two bodies with half of its data points each, metadata still before them; if it is but one
    /// data point, that without metadata.
    pub(super) fn divide(&self) -> Vec<Self> {
        let mut parts = [(String::new(), 0, 0), (String::new(), 0, 0)];
        let mut data = 0;
        for line in self.text.split('\n') {
            let is_metadata = line.starts_with(METADATA);
            if is_metadata && self.lines == 1 {
                continue;
            }
            let (text, lines, metadata) = &mut parts[usize::from(data >= self.lines / 2)];
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(line);
            if is_metadata {
                *metadata += 1;
            } else {
                *lines += 1;
                data += 1;
            }
        }
        parts
            .into_iter()
            .filter(|(_, lines, _)| *lines > 0)
            .map(|(text, lines, metadata)| Self::new(text, lines, metadata))
            .collect()
    }
}

#[cfg(test)]
mod tests;
