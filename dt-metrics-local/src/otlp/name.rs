//! Names as Dynatrace stores them: what a key may not contain becomes an underscore.

use super::limits;
use crate::protocol::{ErrorKind, Part, length};

struct Grammar {
    /// What the first section may start with.
    first: fn(char) -> bool,
    /// What any other section may start with.
    start: fn(char) -> bool,
    /// What a section may contain.
    inner: fn(char) -> bool,
}

const METRIC: Grammar = Grammar {
    first: |c| c.is_ascii_alphabetic() || c == '_',
    start: |c| c.is_ascii_alphanumeric() || c == '_',
    inner: |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'),
};

const DIMENSION: Grammar = Grammar {
    first: |c| c.is_ascii_lowercase() || c == '_',
    start: |c| c.is_ascii_lowercase() || c == '_',
    inner: |c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'),
};

pub(super) fn metric_key(name: &str) -> Result<String, ErrorKind> {
    let part = Part::MetricKey;
    let key = METRIC.normalise(name).ok_or(ErrorKind::Missing(part))?;
    // All characters are ASCII by now: bytes are characters.
    let length = key.len();
    if length < limits::METRIC_KEY_MIN {
        let limit = limits::METRIC_KEY_MIN;
        return Err(ErrorKind::TooShort {
            part,
            length,
            limit,
        });
    }
    if length > limits::METRIC_KEY {
        let limit = limits::METRIC_KEY;
        return Err(ErrorKind::TooLong {
            part,
            length,
            limit,
        });
    }
    if key.starts_with("dt.") {
        return Err(ErrorKind::ReservedKey);
    }
    Ok(key)
}

/// `None` if nothing of it can be kept.
pub(super) fn dimension_key(name: &str) -> Option<String> {
    let mut key = DIMENSION.normalise(&name.to_lowercase())?;
    key.truncate(limits::DIMENSION_KEY);
    // The cut may have been right behind a point.
    let end = key.trim_end_matches('.').len();
    key.truncate(end);
    Some(key)
}

/// `None` if it is empty, which is no value.
pub(super) fn dimension_value(value: &str) -> Option<String> {
    filled(cut(value, limits::DIMENSION_VALUE), breaks_a_line)
}

/// `None` if it is empty. It may have several lines.
pub(super) fn description(text: &str) -> Option<String> {
    let breaks = |c| c != '\n' && breaks_a_line(c);
    filled(cut(text, limits::DESCRIPTION), breaks)
}

/// The text without some characters; `None` if it is empty.
fn filled(text: &str, without: impl Fn(char) -> bool) -> Option<String> {
    let text: String = text
        .chars()
        .map(|c| if without(c) { '_' } else { c })
        .collect();
    (!text.is_empty()).then_some(text)
}

/// The beginning of a text, of at most so many UTF-16 code units.
pub(super) fn cut(text: &str, limit: usize) -> &str {
    let mut left = limit;
    let end = text
        .char_indices()
        .find(|(_, c)| match left.checked_sub(c.len_utf16()) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        })
        .map_or(text.len(), |(end, _)| end);
    text.get(..end).unwrap_or_default()
}

pub(super) fn unit(unit: &str) -> Option<String> {
    let is_valid = !unit.is_empty()
        && length(unit) <= limits::UNIT
        && unit.chars().all(crate::protocol::is_unit);
    is_valid.then(|| unit.to_owned())
}

fn breaks_a_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

impl Grammar {
    /// `None` if no character of it is valid.
    fn normalise(&self, name: &str) -> Option<String> {
        if !name.chars().any(self.inner) {
            return None;
        }
        let mut key = String::with_capacity(name.len());
        for section in name.split('.').filter(|section| !section.is_empty()) {
            let is_start = if key.is_empty() {
                self.first
            } else {
                key.push('.');
                self.start
            };
            let mut was_valid = true;
            for (index, c) in section.chars().enumerate() {
                let is_valid = (self.inner)(c) && (index > 0 || is_start(c));
                if is_valid {
                    key.push(c);
                } else if was_valid {
                    key.push('_');
                }
                was_valid = is_valid;
            }
        }
        Some(key)
    }
}
