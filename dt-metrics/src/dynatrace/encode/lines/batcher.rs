//! Lines to request bodies, within the limits of a request.

use crate::dynatrace::encode::body::Body;
use crate::dynatrace::health::DropReason;
use crate::line::Rejected;

/// Room beyond the longest body so far, so that one a little longer need not be moved.
const SLACK: usize = 4 * 1024;

/// Collects lines into bodies.
pub(crate) struct Batcher {
    max_lines: u64,
    max_bytes: usize,
    text: String,
    lines: u64,
    metadata: u64,
    /// The longest body so far: what room the next one gets.
    longest: usize,
    bodies: Vec<Body>,
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
            bodies: Vec::new(),
        }
    }

    /// Adds the line that `write` appends. On an error nothing is added, and the reason is given.
    #[inline]
    pub(crate) fn line(
        &mut self,
        write: impl FnOnce(&mut String) -> Result<(), Rejected>,
    ) -> Result<(), DropReason> {
        self.make_room(1);
        let end = self.begin_line();
        let start = self.text.len();
        let written = write(&mut self.text).map_err(reason);
        self.end_line(end, start, written)
    }

    /// The same with a line of metadata before it, in the same request; `false` if there is no
    /// request that holds both, and the metadata was left out.
    pub(crate) fn line_after(
        &mut self,
        metadata: &str,
        write: impl FnOnce(&mut String) -> Result<(), Rejected>,
    ) -> Result<bool, DropReason> {
        let mut line = String::new();
        write(&mut line).map_err(reason)?;
        let length = metadata.len() + 1 + line.len();
        let fits = self.max_lines > 1 && length <= self.max_bytes && !line.is_empty();
        if !fits {
            return self
                .line(|out| {
                    out.push_str(&line);
                    Ok(())
                })
                .map(|()| false);
        }
        self.make_room(2);
        let end = self.begin_line();
        let start = self.text.len();
        self.text.push_str(metadata);
        self.text.push('\n');
        self.text.push_str(&line);
        self.end_line(end, start, Ok(()))?;
        self.metadata += 1;
        Ok(true)
    }

    /// Whether a body is complete.
    pub(crate) fn has_full(&self) -> bool {
        !self.bodies.is_empty()
    }

    /// The bodies that are complete.
    pub(crate) fn take_full(&mut self) -> Vec<Body> {
        std::mem::take(&mut self.bodies)
    }

    /// What was collected; the next line starts anew.
    pub(crate) fn finish(&mut self) -> Vec<Body> {
        self.cut(self.text.len(), "");
        self.take_full()
    }

    fn make_room(&mut self, lines: u64) {
        if self.lines + self.metadata + lines > self.max_lines {
            self.cut(self.text.len(), "");
        }
    }

    /// Returns where the lines before end.
    fn begin_line(&mut self) -> usize {
        let end = self.text.len();
        if end > 0 {
            self.text.push('\n');
        } else if self.text.capacity() == 0 {
            self.text.reserve(self.longest + SLACK);
        }
        end
    }

    /// Keeps what was written from `start` on, or takes it back.
    #[inline]
    fn end_line(
        &mut self,
        end: usize,
        start: usize,
        written: Result<(), DropReason>,
    ) -> Result<(), DropReason> {
        let length = self.text.len() - start;
        if written.is_err() || length == 0 {
            self.text.truncate(end);
            return written;
        }
        if length > self.max_bytes {
            self.text.truncate(end);
            return Err(DropReason::LineTooLong);
        }
        if self.text.len() > self.max_bytes {
            let next = self.text.split_off(start);
            self.cut(end, &next);
        }
        self.lines += 1;
        Ok(())
    }

    /// Makes the text up to `end` a body; the next one begins with `next`.
    fn cut(&mut self, end: usize, next: &str) {
        if self.lines == 0 {
            return;
        }
        self.longest = self.longest.max(end);
        let mut text = String::new();
        if !next.is_empty() {
            text.reserve(self.longest + SLACK);
            text.push_str(next);
        }
        let mut body = std::mem::replace(&mut self.text, text);
        body.truncate(end);
        body.shrink_to_fit();
        self.bodies.push(Body::new(body, self.lines, self.metadata));
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
