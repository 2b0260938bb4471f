//! Collects lines into request bodies within the limits of a request.

use super::body::Lines;
use super::payload::Rejected;

/// Room beyond the longest body so far, so that a slightly longer one need not be moved.
const SLACK: usize = 4 * 1024;

/// Why a line is in no body.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum NotAdded {
    Rejected(Rejected),
    /// No body is large enough.
    TooLong,
}

pub(crate) struct Batcher {
    max_lines: u64,
    max_bytes: usize,
    /// The body at hand.
    body: Lines,
    /// The length of the longest body so far, for which the next one gets room.
    longest: usize,
    full: Vec<Lines>,
}

impl Batcher {
    pub(crate) fn new(max_lines: usize, max_bytes: usize) -> Self {
        Self {
            max_lines: u64::try_from(max_lines).unwrap_or(u64::MAX),
            max_bytes,
            body: Lines::default(),
            longest: 0,
            full: Vec::new(),
        }
    }

    /// Adds the line that `write` appends. On an error nothing is added.
    #[inline]
    pub(crate) fn push(
        &mut self,
        write: impl FnOnce(&mut String) -> Result<(), Rejected>,
    ) -> Result<(), NotAdded> {
        self.make_room(1);
        let text = &mut self.body.text;
        let end = text.len();
        if end > 0 {
            text.push('\n');
        } else if text.capacity() == 0 {
            text.reserve(self.longest + SLACK);
        }
        let start = text.len();
        let mut written = write(text).map_err(NotAdded::Rejected);
        let length = text.len() - start;
        if length > self.max_bytes {
            written = written.and(Err(NotAdded::TooLong));
        }
        if written.is_err() || length == 0 {
            text.truncate(end);
            return written;
        }
        if text.len() > self.max_bytes {
            self.cut_at(end, start);
        }
        self.body.points += 1;
        Ok(())
    }

    /// Adds a metadata line and the line that `write` appends to the same request. Returns `false`
    /// if no request can hold both, and the metadata line was left out.
    pub(crate) fn push_described(
        &mut self,
        metadata: &str,
        write: impl FnOnce(&mut String) -> Result<(), Rejected>,
    ) -> Result<bool, NotAdded> {
        let mut line = String::new();
        write(&mut line).map_err(NotAdded::Rejected)?;
        let fits = self.max_lines > 1 && metadata.len() + 1 + line.len() <= self.max_bytes;
        if fits {
            self.make_room(2);
        }
        self.push(|out| {
            if fits {
                out.push_str(metadata);
                out.push('\n');
            }
            out.push_str(&line);
            Ok(())
        })?;
        self.body.metadata += u64::from(fits);
        Ok(fits)
    }

    /// Whether there are bodies that are full.
    #[inline]
    pub(crate) fn has_full(&self) -> bool {
        !self.full.is_empty()
    }

    /// Takes the bodies that are full.
    pub(crate) fn take_full(&mut self) -> Vec<Lines> {
        std::mem::take(&mut self.full)
    }

    /// Takes all bodies.
    pub(crate) fn finish(&mut self) -> Vec<Lines> {
        self.cut();
        self.take_full()
    }

    /// Ends the body at hand if it cannot take this number of lines.
    fn make_room(&mut self, lines: u64) {
        if self.body.points + self.body.metadata + lines > self.max_lines {
            self.cut();
        }
    }

    fn cut(&mut self) {
        self.cut_at(self.body.text.len(), self.body.text.len());
    }

    /// Ends the body at hand at `end`; the text from `start` on begins the next one.
    fn cut_at(&mut self, end: usize, start: usize) {
        if self.body.points == 0 {
            return;
        }
        self.longest = self.longest.max(end);
        let mut body = std::mem::take(&mut self.body);
        if start < body.text.len() {
            self.body.text.reserve(self.longest + SLACK);
            self.body.text.push_str(&body.text[start..]);
        }
        body.text.truncate(end);
        body.text.shrink_to_fit();
        self.full.push(body);
    }
}
