//! The grammar of names, keys, units and descriptions. A literal that breaks a rule is reported with
//! the nearest text that breaks none.
//!
//! The library has the same grammar for texts that only the compiler can evaluate; a test compares
//! the two.

use quote::ToTokens;
use syn::{Error, Result};

/// A kind of text that is delivered as it is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// The name of an instrument.
    Name,
    /// The key of a dimension.
    Key,
    /// A unit.
    Unit,
    /// A description.
    Description,
}

/// Units that contain a character that is not allowed in a unit, and their names in UCUM.
const UNITS: &[(&str, &str)] = &[
    ("\u{b5}s", "us"),
    ("\u{3bc}s", "us"),
    ("bytes per second", "By/s"),
    ("degrees celsius", "Cel"),
    ("\u{b0}c", "Cel"),
];

/// The rule that a text breaks.
#[derive(Clone, Copy)]
enum Fault {
    Empty,
    TooLong,
    /// The first character.
    First,
    /// The first character after a dot.
    SectionStart,
    /// Nothing between two dots, or after the last.
    EmptySection,
    UpperCase,
    Character,
}

impl Kind {
    /// Checks a text. The error is reported at `typed`.
    pub(crate) fn check(self, text: &str, typed: &impl ToTokens) -> Result<()> {
        let Some(rule) = self.broken_rule(text) else {
            return Ok(());
        };
        let broken = if text.is_empty() {
            rule.to_owned()
        } else {
            let shown: String = text.chars().take(64).collect();
            let more = if shown == text { "" } else { "…" };
            format!("`{shown}{more}` is not a valid {}: {rule}", self.noun())
        };
        let message = match self.nearest(text) {
            Some(nearest) => format!("{broken}; write `{nearest}`"),
            None => broken,
        };
        Err(Error::new_spanned(typed, message))
    }

    const fn noun(self) -> &'static str {
        match self {
            Self::Name => "instrument name",
            Self::Key => "dimension key",
            Self::Unit => "unit",
            Self::Description => "description",
        }
    }

    /// The rule that a text breaks, in the words of the library.
    pub(crate) fn broken_rule(self, text: &str) -> Option<&'static str> {
        let rule = match (self, self.fault(text)?) {
            (Self::Name, Fault::Empty) => "an instrument name has at least one character",
            (Self::Name, Fault::TooLong) => "an instrument name has at most 255 characters",
            (Self::Name, Fault::First) if text.starts_with("dt.") => {
                "an instrument name does not begin with `dt.`, which is reserved by Dynatrace"
            }
            (Self::Name, Fault::First) => "an instrument name begins with a letter",
            (Self::Name, Fault::SectionStart) => {
                "a section of an instrument name begins with a letter, a digit or `_`"
            }
            (Self::Name, Fault::EmptySection) => {
                "an instrument name has a character between two dots and after the last"
            }
            (Self::Name, Fault::UpperCase | Fault::Character) => {
                "an instrument name is made of ASCII letters, digits, `_`, `-` and `.`"
            }
            (Self::Key, Fault::Empty) => "a dimension key has at least one character",
            (Self::Key, Fault::TooLong) => "a dimension key has at most 100 characters",
            (Self::Key, Fault::First) if !text.starts_with('.') => {
                "a section of a dimension key begins with a lower case letter or `_`"
            }
            (Self::Key, Fault::SectionStart) => {
                "a section of a dimension key begins with a lower case letter or `_`"
            }
            (Self::Key, Fault::First | Fault::EmptySection) => {
                "a dimension key has a character before, between and after its dots"
            }
            (Self::Key, Fault::UpperCase) => "a dimension key is lower case",
            (Self::Key, Fault::Character) => {
                "a dimension key is made of lower case ASCII letters, digits, `_`, `-`, `:` and `.`"
            }
            (Self::Unit, Fault::Empty) => {
                "a unit has at least one character; leave it out if there is none"
            }
            (Self::Unit, Fault::TooLong) => "a unit has at most 63 characters",
            (Self::Unit, _) => {
                "a unit is made of ASCII letters, digits and `%`, `[`, `]`, `{`, `}`, `/`, `_`"
            }
            (Self::Description, _) => "a description has at most 65535 characters",
        };
        Some(rule)
    }

    /// The most characters of a text: UTF-16 code units, which are bytes where only ASCII is valid.
    const fn longest(self) -> usize {
        match self {
            Self::Name => 255,
            Self::Key => 100,
            Self::Unit => 63,
            Self::Description => 65_535,
        }
    }

    fn fault(self, text: &str) -> Option<Fault> {
        let is_dotted = matches!(self, Self::Name | Self::Key);
        if text.is_empty() && self != Self::Description {
            return Some(Fault::Empty);
        }
        if is_dotted && text.ends_with('.') {
            return Some(Fault::EmptySection);
        }
        let mut before = None;
        for c in text.chars() {
            let fault = match before {
                None if is_dotted => Fault::First,
                Some('.') if is_dotted && c == '.' => Fault::EmptySection,
                Some('.') if is_dotted && self.is_inner(c) => Fault::SectionStart,
                _ => Fault::Character,
            };
            let is_valid = match before {
                None => self.is_first(c),
                Some('.') => self.is_start(c),
                Some(_) => is_dotted && c == '.' || self.is_inner(c),
            };
            if !is_valid {
                let is_upper = self == Self::Key && c.is_ascii_uppercase();
                return Some(if is_upper { Fault::UpperCase } else { fault });
            }
            before = Some(c);
        }
        if text.chars().map(char::len_utf16).sum::<usize>() > self.longest() {
            return Some(Fault::TooLong);
        }
        let is_reserved = self == Self::Name && text.starts_with("dt.");
        is_reserved.then_some(Fault::First)
    }

    /// Whether a text can begin with this character.
    fn is_first(self, c: char) -> bool {
        match self {
            Self::Name => c.is_ascii_alphabetic(),
            _ => self.is_start(c),
        }
    }

    /// Whether a section after a dot can begin with this character.
    fn is_start(self, c: char) -> bool {
        match self {
            Self::Name => c.is_ascii_alphanumeric() || c == '_',
            Self::Key => c.is_ascii_lowercase() || c == '_',
            Self::Unit | Self::Description => self.is_inner(c),
        }
    }

    /// Whether this character can follow another one.
    fn is_inner(self, c: char) -> bool {
        match self {
            Self::Name => c.is_ascii_alphanumeric() || "_-".contains(c),
            Self::Key => c.is_ascii_lowercase() || c.is_ascii_digit() || "_-:".contains(c),
            Self::Unit => c.is_ascii_alphanumeric() || "%[]{}/_".contains(c),
            Self::Description => true,
        }
    }

    /// The nearest text that breaks no rule.
    pub(crate) fn nearest(self, text: &str) -> Option<String> {
        let nearest = match self {
            Self::Name => {
                // A name begins with its first letter, after a reserved beginning.
                let normalized = self.normalized(text.chars());
                let mut name = normalized.as_str();
                while let Some(rest) = name.strip_prefix("dt.") {
                    name = rest;
                }
                name.trim_start_matches(|c: char| !c.is_ascii_alphabetic())
                    .to_owned()
            }
            Self::Key => self.normalized(text.chars().map(lower)),
            Self::Unit => {
                let unit = text.trim();
                let named = |(name, _): &&(&str, &str)| *name == unit.to_lowercase();
                let ucum = UNITS.iter().find(named);
                ucum.map_or(unit, |(_, ucum)| ucum).to_owned()
            }
            Self::Description => return None,
        };
        self.broken_rule(&nearest).is_none().then_some(nearest)
    }

    /// `chars` as the library normalizes them: empty sections are dropped, each run of characters that
    /// cannot stand where they are becomes one `_`, and the rest after the last possible character is cut
    /// off.
    fn normalized(self, chars: impl Iterator<Item = char>) -> String {
        let mut text = String::new();
        let (mut at_start, mut replaced, mut read) = (true, false, 0);
        for c in chars {
            if read >= self.longest() {
                break;
            }
            read += c.len_utf16();
            if c == '.' {
                at_start = true;
                continue;
            }
            let is_valid = if !at_start {
                self.is_inner(c)
            } else if text.is_empty() {
                self.is_first(c)
            } else {
                text.push('.');
                self.is_start(c)
            };
            if is_valid {
                text.push(c);
                replaced = false;
            } else if at_start || !replaced {
                text.push('_');
                replaced = true;
            }
            at_start = false;
        }
        text
    }
}

/// The lower case of a character, as far as it can be in a key.
const fn lower(c: char) -> char {
    match c {
        '\u{130}' => 'i',
        '\u{212a}' => 'k',
        _ => c.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests;
