//! The grammar that names and keys share: sections between dots.
//!
//! The check and the normalisation read the same [`Grammar`], so they cannot disagree.

use super::class::{self, Class};

/// The characters of a dotted name.
pub(super) struct Grammar {
    /// The first character of the name.
    pub(super) first: Class,
    /// The first character of every later section.
    pub(super) start: Class,
    /// The further characters of a section.
    pub(super) inner: Class,
    /// Most characters of the whole name.
    pub(super) longest: usize,
}

/// The fault of a name.
#[derive(Clone, Copy)]
pub(super) enum Fault {
    Empty,
    TooLong,
    First,
    SectionStart,
    EmptySection,
    /// An upper case letter where the grammar has lower case ones only.
    UpperCase,
    Character,
}

impl Grammar {
    /// The first fault of `name`.
    pub(super) const fn fault(&self, name: &str) -> Option<Fault> {
        let bytes = name.as_bytes();
        if bytes.is_empty() {
            return Some(Fault::Empty);
        }
        if bytes[bytes.len() - 1] == b'.' {
            return Some(Fault::EmptySection);
        }
        let mut i = 0;
        while i < bytes.len() {
            let byte = bytes[i];
            let (expected, fault) = if i == 0 {
                (self.first, Fault::First)
            } else if bytes[i - 1] == b'.' {
                (self.start, self.fault_at_start(byte))
            } else if byte == b'.' {
                i += 1;
                continue;
            } else {
                (self.inner, Fault::Character)
            };
            if !class::is(byte, expected) {
                let lower_only = self.inner & class::UPPER == 0;
                return Some(match byte {
                    b'A'..=b'Z' if lower_only => Fault::UpperCase,
                    _ => fault,
                });
            }
            i += 1;
        }
        if bytes.len() > self.longest {
            return Some(Fault::TooLong);
        }
        None
    }

    /// The fault of `byte` after a dot.
    const fn fault_at_start(&self, byte: u8) -> Fault {
        if byte == b'.' {
            Fault::EmptySection
        } else if class::is(byte, self.inner) {
            Fault::SectionStart
        } else {
            Fault::Character
        }
    }

    /// The name that `chars` become: empty sections are dropped, each run of characters that are
    /// not allowed at their position becomes one `_`, and characters beyond the limit are not read.
    /// Empty if there were only dots.
    pub(super) fn normalize(&self, chars: impl Iterator<Item = char>) -> String {
        let mut name = String::with_capacity(self.longest);
        let mut at_start = true;
        let mut replaced = false;
        let mut read = 0;
        for c in chars {
            if read >= self.longest {
                break;
            }
            read += c.len_utf16();
            if c == '.' {
                at_start = true;
                continue;
            }
            let expected = if !at_start {
                self.inner
            } else if name.is_empty() {
                self.first
            } else {
                // Only now is it known that the section before the dot is not the last.
                name.push('.');
                self.start
            };
            if class::is_char(c, expected) {
                name.push(c);
                replaced = false;
            } else if at_start || !replaced {
                name.push('_');
                replaced = true;
            }
            at_start = false;
        }
        name
    }
}
