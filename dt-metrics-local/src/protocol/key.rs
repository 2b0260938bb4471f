//! The grammar of metric and dimension keys: sections separated by dots.

use super::error::{ErrorKind, LineError, Part};
use super::limits;
use super::scanner::Scanner;

/// The rules for one type of key.
struct Grammar {
    part: Part,
    min: usize,
    limit: usize,
    /// Whether the first section may start with a character.
    first: fn(char) -> bool,
    /// Whether any other section may start with a character.
    start: fn(char) -> bool,
    /// Whether a section may contain a character.
    inner: fn(char) -> bool,
}

const METRIC: Grammar = Grammar {
    part: Part::MetricKey,
    min: limits::METRIC_KEY_MIN,
    limit: limits::METRIC_KEY,
    first: |c| c.is_ascii_alphabetic() || c == '_',
    start: |c| c.is_ascii_alphanumeric() || c == '_',
    inner: |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'),
};

const DIMENSION: Grammar = Grammar {
    part: Part::DimensionKey,
    min: 1,
    limit: limits::DIMENSION_KEY,
    first: |c| c.is_ascii_lowercase() || c == '_',
    start: |c| c.is_ascii_lowercase() || c == '_',
    inner: |c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | ':'),
};

/// Reads a metric key, which ends with a comma or at whitespace.
pub(super) fn metric(scanner: &mut Scanner<'_>) -> Result<String, LineError> {
    let start = scanner.offset();
    let key = METRIC.read(scanner, |c| c == ',' || c.is_whitespace())?;
    if key.starts_with("dt.") {
        return Err(scanner.error_at(start, ErrorKind::ReservedKey));
    }
    Ok(key.to_owned())
}

/// Reads a dimension key up to its `=`.
pub(super) fn dimension(scanner: &mut Scanner<'_>) -> Result<String, LineError> {
    DIMENSION
        .read(scanner, |c| matches!(c, '=' | ',' | ' '))
        .map(ToOwned::to_owned)
}

impl Grammar {
    fn read<'a>(
        &self,
        scanner: &mut Scanner<'a>,
        is_end: fn(char) -> bool,
    ) -> Result<&'a str, LineError> {
        let start = scanner.offset();
        let key = scanner.take_until(is_end);
        if key.is_empty() {
            return Err(scanner.error_at(start, ErrorKind::Missing(self.part)));
        }
        self.check(key)
            .map_err(|(offset, kind)| scanner.error_at(start + offset, kind))?;
        Ok(key)
    }

    fn check(&self, key: &str) -> Result<(), (usize, ErrorKind)> {
        let part = self.part;
        let mut is_allowed_start = self.first;
        let mut at_start = true;
        for (offset, found) in key.char_indices() {
            if found == '.' {
                if at_start {
                    return Err((offset, ErrorKind::EmptySection(part)));
                }
                at_start = true;
                is_allowed_start = self.start;
                continue;
            }
            if !(self.inner)(found) {
                return Err((offset, ErrorKind::Character { part, found }));
            }
            if at_start && !is_allowed_start(found) {
                return Err((offset, ErrorKind::SectionStart { part, found }));
            }
            at_start = false;
        }
        if at_start {
            return Err((key.len(), ErrorKind::EmptySection(part)));
        }
        // All characters are ASCII by now: bytes are characters.
        let length = key.len();
        if length < self.min {
            let limit = self.min;
            let kind = ErrorKind::TooShort {
                part,
                length,
                limit,
            };
            return Err((0, kind));
        }
        if length > self.limit {
            let limit = self.limit;
            let kind = ErrorKind::TooLong {
                part,
                length,
                limit,
            };
            return Err((limit, kind));
        }
        Ok(())
    }
}
