//! Normalizes names as Dynatrace stores them: invalid characters become underscores.

use super::limits;
use crate::protocol::{ErrorKind, Part, length};

/// The characters that one type of key allows.
struct Charset {
    /// Whether the first section may start with a character.
    first: fn(char) -> bool,
    /// Whether any other section may start with a character.
    start: fn(char) -> bool,
    /// Whether a section may contain a character.
    inner: fn(char) -> bool,
}

const METRIC: Charset = Charset {
    first: |c| c.is_ascii_alphabetic() || c == '_',
    start: |c| c.is_ascii_alphanumeric() || c == '_',
    inner: |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'),
};

const DIMENSION: Charset = Charset {
    first: |c| c.is_ascii_lowercase() || c == '_',
    start: |c| c.is_ascii_lowercase() || c == '_',
    inner: |c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'),
};

/// The metric key of a name, or why it is refused.
pub(super) fn metric_key(name: &str) -> Result<String, ErrorKind> {
    let part = Part::MetricKey;
    let key = METRIC.normalize(name).ok_or(ErrorKind::Missing(part))?;
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

/// The dimension key of a name; `None` if no character of it is valid.
pub(super) fn dimension_key(name: &str) -> Option<String> {
    let mut key = DIMENSION.normalize(&name.to_lowercase())?;
    key.truncate(limits::DIMENSION_KEY);
    // The cut may have left a dot at the end.
    let end = key.trim_end_matches('.').len();
    key.truncate(end);
    Some(key)
}

/// The dimension value of a text; `None` if it is empty.
pub(super) fn dimension_value(value: &str) -> Option<String> {
    replaced(cut(value, limits::DIMENSION_VALUE), breaks_a_line)
}

/// The description as Dynatrace stores it; `None` if it is empty. It may contain line breaks.
pub(super) fn description(text: &str) -> Option<String> {
    let breaks = |c| c != '\n' && breaks_a_line(c);
    replaced(cut(text, limits::DESCRIPTION), breaks)
}

/// The text with an underscore in place of each invalid character; `None` if it is empty.
fn replaced(text: &str, is_invalid: impl Fn(char) -> bool) -> Option<String> {
    let text: String = text
        .chars()
        .map(|c| if is_invalid(c) { '_' } else { c })
        .collect();
    (!text.is_empty()).then_some(text)
}

/// The beginning of a text, at most `limit` UTF-16 code units long.
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

/// The unit, or `None` if Dynatrace drops it.
pub(super) fn unit(unit: &str) -> Option<String> {
    let is_valid = !unit.is_empty()
        && length(unit) <= limits::UNIT
        && unit.chars().all(crate::protocol::is_unit);
    is_valid.then(|| unit.to_owned())
}

fn breaks_a_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

impl Charset {
    /// The name as a key; `None` if no character of it is valid.
    fn normalize(&self, name: &str) -> Option<String> {
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
