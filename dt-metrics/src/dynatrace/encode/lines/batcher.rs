//! Collects lines into request bodies within the limits of a request.

use crate::dynatrace::encode::body::Body;
use crate::dynatrace::health::DropReason;
use crate::line::Rejected;

/// Room beyond the longest body so far, so that a slightly longer one need not be moved.
const SLACK: usize = 4 * 1024;

pub(crate) struct Batcher {
    max_lines: u64,
    max_bytes: usize,
    /// The body at hand: its text, its data points and its metadata lines.
    text: String,
    lines: u64,
    metadata: u64,
    /// The length of the longest body so far, for which the next one gets room.
    longest: usize,
    full: Vec<Body>,
}

impl Batcher {
    pub(crate) fn new(max_lines: usize, max_bytes: usize) -> Self {
        Self {
            max_lines: u64::try_from(max_lines).unwrap_or(u64::MAX),
            max_bytes,
            text: String::new(),
            lines: 0,
            metadata: 0,
            longest: 0,
            full: Vec::new(),
        }
    }

    /// Adds the line that `write` appends. On an error nothing is added.
    #[inline]
    pub(crate) fn push(
        &mut self,
        write: impl FnOnce(&mut String) -> Result<(), Rejected>,
    ) -> Result<(), DropReason> {
        self.make_room(1);
        let end = self.text.len();
        if end > 0 {
            self.text.push('\n');
        } else if self.text.capacity() == 0 {
            self.text.reserve(self.longest + SLACK);
        }
        let start = self.text.len();
        let mut written = write(&mut self.text).map_err(reason);
        let length = self.text.len() - start;
        if length > self.max_bytes {
            written = written.and(Err(DropReason::LineTooLong));
        }
        if written.is_err() || length == 0 {
            self.text.truncate(end);
            return written;
        }
        if self.text.len() > self.max_bytes {
            self.cut_at(end, start);
        }
        self.lines += 1;
        Ok(())
    }

    /// Adds a metadata line and the line that `write` appends to the same request. Returns `false`
    /// if no request can hold both, and the metadata line was left out.
    pub(crate) fn push_described(
        &mut self,
        metadata: &str,
        write: impl FnOnce(&mut String) -> Result<(), Rejected>,
    ) -> Result<bool, DropReason> {
        let mut line = String::new();
        write(&mut line).map_err(reason)?;
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
        self.metadata += u64::from(fits);
        Ok(fits)
    }

    /// Takes the bodies that are full.
    pub(crate) fn take_full(&mut self) -> Vec<Body> {
        std::mem::take(&mut self.full)
    }

    /// Takes all bodies.
    pub(crate) fn finish(&mut self) -> Vec<Body> {
        self.cut();
        self.take_full()
    }

    /// Ends the body at hand if it cannot take this number of lines.
    fn make_room(&mut self, lines: u64) {
        if self.lines + self.metadata + lines > self.max_lines {
            self.cut();
        }
    }

    fn cut(&mut self) {
        self.cut_at(self.text.len(), self.text.len());
    }

    /// Ends the body at hand at `end`; the text from `start` on begins the next one.
    fn cut_at(&mut self, end: usize, start: usize) {
        if self.lines == 0 {
            return;
        }
        self.longest = self.longest.max(end);
        let mut next = String::new();
        if start < self.text.len() {
            next.reserve(self.longest + SLACK);
            next.push_str(&self.text[start..]);
        }
        let mut body = std::mem::replace(&mut self.text, next);
        body.truncate(end);
        body.shrink_to_fit();
        self.full.push(Body::new(body, self.lines, self.metadata));
        self.lines = 0;
        self.metadata = 0;
    }
}

fn reason(rejected: Rejected) -> DropReason {
    match rejected {
        Rejected::NotFinite => DropReason::NotFinite,
        Rejected::InvalidSummary => DropReason::InvalidSummary,
        Rejected::EmptySummary => DropReason::EmptySummary,
    }
}

#[cfg(test)]
mod tests;
