//! Lines to request bodies, within the limits of a request.

use std::sync::Arc;

use crate::line::Rejected;

/// The body of one request: lines with line ends between them; never empty.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Body {
    pub(super) text: Arc<str>,
    pub(super) lines: u64,
}

/// Why a line that no request can hold is dropped.
pub(super) const LINE_TOO_LONG: &str = "line_too_long";

/// Collects lines into bodies. The buffer they are written to is kept from cycle to cycle.
pub(super) struct Batcher {
    max_lines: u64,
    max_bytes: usize,
    text: String,
    lines: u64,
    bodies: Vec<Body>,
}

impl Batcher {
    pub(super) fn new(max_lines: usize, max_bytes: usize) -> Self {
        Self {
            max_lines: u64::try_from(max_lines).unwrap_or(u64::MAX),
            max_bytes,
            text: String::new(),
            lines: 0,
            bodies: Vec::new(),
        }
    }

    /// Adds the line that `write` appends. On an error nothing is added, and the reason is given.
    pub(super) fn line(
        &mut self,
        write: impl FnOnce(&mut String) -> Result<(), Rejected>,
    ) -> Result<(), &'static str> {
        if self.lines == self.max_lines {
            self.cut(self.text.len());
            self.text.clear();
        }
        let end = self.text.len();
        if end > 0 {
            self.text.push('\n');
        }
        let start = self.text.len();
        let written = write(&mut self.text).map_err(Rejected::reason);
        let length = self.text.len() - start;
        if written.is_err() || length == 0 {
            self.text.truncate(end);
            return written;
        }
        if length > self.max_bytes {
            self.text.truncate(end);
            return Err(LINE_TOO_LONG);
        }
        if self.text.len() > self.max_bytes {
            self.cut(end);
            self.text.drain(..start);
        }
        self.lines += 1;
        Ok(())
    }

    /// What was collected; the next line starts anew.
    pub(super) fn finish(&mut self) -> Vec<Body> {
        self.cut(self.text.len());
        self.text.clear();
        std::mem::take(&mut self.bodies)
    }

    /// Makes the text up to `end` a body.
    fn cut(&mut self, end: usize) {
        if self.lines > 0 {
            self.bodies.push(Body {
                text: self.text[..end].into(),
                lines: self.lines,
            });
            self.lines = 0;
        }
    }
}

#[cfg(test)]
mod tests;
