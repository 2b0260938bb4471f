//! A position in a line, with the steps that parsers take from there.

use super::error::{ErrorKind, LineError, Part};

/// A position in a line. Only its methods move it, always by whole characters.
pub(super) struct Scanner<'a> {
    text: &'a str,
    offset: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, offset: 0 }
    }

    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    pub(super) fn rest(&self) -> &'a str {
        // `offset` only ever advances by whole characters.
        self.text.get(self.offset..).unwrap_or_default()
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest().is_empty()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let found = self.peek()?;
        self.offset += found.len_utf8();
        Some(found)
    }

    /// Steps over `expected` if it comes next.
    pub(super) fn eat(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.offset += expected.len();
        }
        found
    }

    /// Steps over `expected`, or returns an error that names it.
    pub(super) fn expect(&mut self, expected: &str, name: &'static str) -> Result<(), LineError> {
        if self.eat(expected) {
            Ok(())
        } else {
            Err(self.error(ErrorKind::Expected(name)))
        }
    }

    /// Steps over the one space that separates the parts of a line; `next` names the part behind it.
    pub(super) fn separator(&mut self, next: Part) -> Result<(), LineError> {
        match self.peek() {
            Some(' ') => self.next(),
            Some(found) if found.is_whitespace() => {
                return Err(self.error(ErrorKind::Separator(found)));
            }
            _ => return Err(self.error(ErrorKind::Missing(next))),
        };
        match self.peek() {
            Some(found) if found.is_whitespace() => Err(self.error(ErrorKind::Separator(found))),
            _ => Ok(()),
        }
    }

    /// Takes the text before the first character that is an end, or the rest of the line.
    pub(super) fn take_until(&mut self, is_end: fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(is_end).unwrap_or(rest.len());
        self.offset += length;
        rest.get(..length).unwrap_or_default()
    }

    /// The text from `start` to the current position.
    pub(super) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.offset).unwrap_or_default()
    }

    /// An error at the current position.
    pub(super) fn error(&self, kind: ErrorKind) -> LineError {
        self.error_at(self.offset, kind)
    }

    /// An error at a byte offset.
    pub(super) fn error_at(&self, offset: usize, kind: ErrorKind) -> LineError {
        LineError::new(self.text, offset, kind)
    }
}

/// Length in UTF-16 code units, as the server counts it.
pub(crate) fn length(text: &str) -> usize {
    text.encode_utf16().count()
}
