//! Reads lines into records.

use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use super::error::{ErrorKind, LineError, Part};
use super::note::Note;
use super::record::{Line, Metadata, Record};
use super::scanner::{Scanner, length};
use super::{key, limits, metadata, number, payload, value};

/// A reader of the metric line protocol. It reads one line at a time.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use dt_metrics_local::protocol::{ErrorKind, Reader};
///
/// let reader = Reader::at(UNIX_EPOCH + Duration::from_secs(10_000_000));
/// assert!(reader.read("queue.depth gauge,7 10000000000").is_ok());
///
/// let error = reader.read("queue.depth gauge,7 9000000000").unwrap_err();
/// assert_eq!(error.kind(), &ErrorKind::TimestampPast);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    now_ms: Option<i64>,
}

impl Reader {
    /// Creates a reader that checks timestamps against `now`: at most 1 hour in the past and 10 minutes in
    /// the future.
    #[must_use]
    pub fn at(now: SystemTime) -> Self {
        let now_ms = match now.duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
        };
        Self {
            now_ms: Some(now_ms),
        }
    }

    /// Creates a reader that accepts any timestamp.
    #[must_use]
    pub fn without_clock() -> Self {
        Self { now_ms: None }
    }

    /// Reads one line, without its line break.
    ///
    /// # Errors
    ///
    /// Returns the first error in the line, with its position.
    pub fn read(&self, text: &str) -> Result<Record, LineError> {
        if text.is_empty() {
            return Err(LineError::new(text, 0, ErrorKind::Missing(Part::Line)));
        }
        let length = length(text);
        if length > limits::LINE {
            let kind = ErrorKind::TooLong {
                part: Part::Line,
                length,
                limit: limits::LINE,
            };
            return Err(LineError::new(text, 0, kind));
        }
        // Whitespace at the end is reported only if the line has no other error.
        let written = without_trailing_whitespace(text);
        let line_end = || {
            let found = text.get(written.len()..).and_then(|end| end.chars().next());
            found.map(|found| LineError::new(text, written.len(), ErrorKind::LineEnd(found)))
        };
        if let Some(error) = line_end().filter(|_| written.is_empty()) {
            return Err(error);
        }
        let mut scanner = Scanner::new(written);
        let record = if scanner.eat("#") {
            metadata::read(&mut scanner, text).map(Record::Metadata)
        } else {
            self.data_point(&mut scanner, text).map(Record::Line)
        }?;
        line_end().map_or(Ok(record), Err)
    }

    fn data_point(&self, scanner: &mut Scanner<'_>, text: &str) -> Result<Line, LineError> {
        let key = key::metric(scanner)?;
        let (dimensions, notes) = dimensions(scanner)?;
        scanner.separator(Part::Payload)?;
        let payload = payload::read(scanner)?;
        let timestamp_ms = self.timestamp(scanner)?;
        Ok(Line {
            text: text.to_owned(),
            key,
            dimensions,
            payload,
            timestamp_ms,
            notes,
        })
    }

    fn timestamp(&self, scanner: &mut Scanner<'_>) -> Result<Option<i64>, LineError> {
        if scanner.is_at_end() {
            return Ok(None);
        }
        if scanner.peek() != Some(' ') {
            return Err(scanner.error(ErrorKind::Expected("space or end of line")));
        }
        scanner.separator(Part::Timestamp)?;
        let start = scanner.offset();
        let timestamp = number::milliseconds(scanner)?;
        self.check_time(timestamp)
            .map_err(|kind| scanner.error_at(start, kind))?;
        Ok(Some(timestamp))
    }

    /// Checks the timestamp of a data point against the clock.
    pub(crate) fn check_time(&self, timestamp_ms: i64) -> Result<(), ErrorKind> {
        let Some(now) = self.now_ms else {
            return Ok(());
        };
        // The limits are far below `i64::MAX` milliseconds.
        let past = i64::try_from(limits::PAST.as_millis()).unwrap_or(i64::MAX);
        let future = i64::try_from(limits::FUTURE.as_millis()).unwrap_or(i64::MAX);
        if timestamp_ms < now.saturating_sub(past) {
            return Err(ErrorKind::TimestampPast);
        }
        if timestamp_ms > now.saturating_add(future) {
            return Err(ErrorKind::TimestampFuture);
        }
        Ok(())
    }
}

/// The dimensions to store, and a note for each one that is not stored.
type Dimensions = (Vec<(String, String)>, Vec<Note>);

fn dimensions(scanner: &mut Scanner<'_>) -> Result<Dimensions, LineError> {
    let mut dimensions: Vec<(String, String)> = Vec::new();
    let mut notes = Vec::new();
    let mut written = 0;
    while scanner.eat(",") {
        let start = scanner.offset();
        let key = key::dimension(scanner)?;
        written += 1;
        if written > limits::DIMENSIONS {
            return Err(scanner.error_at(start, ErrorKind::TooManyDimensions));
        }
        scanner.expect("=", "\"=\"")?;
        let value = value::dimension(scanner)?;
        if value.is_empty() {
            notes.push(Note::EmptyDimension(key));
        } else if dimensions.iter().any(|(known, _)| *known == key) {
            notes.push(Note::RepeatedDimension(key));
        } else {
            dimensions.push((key, value));
        }
    }
    Ok((dimensions, notes))
}

/// The line up to its last character that is not ASCII whitespace, or is an escaped space.
/// Other whitespace separates nothing: it may end an unquoted text of a metadata line.
fn without_trailing_whitespace(text: &str) -> &str {
    let trimmed = text.trim_ascii_end();
    let rest = text.get(trimmed.len()..).unwrap_or_default();
    let backslashes = trimmed.bytes().rev().take_while(|byte| *byte == b'\\');
    let is_escaped = backslashes.count() % 2 == 1 && rest.starts_with(' ');
    let end = trimmed.len() + usize::from(is_escaped);
    text.get(..end).unwrap_or(text)
}

/// Reads a data point; any timestamp is accepted.
impl FromStr for Line {
    type Err = LineError;

    fn from_str(text: &str) -> Result<Self, LineError> {
        match Reader::without_clock().read(text)? {
            Record::Line(line) => Ok(line),
            Record::Metadata(_) => {
                let kind = ErrorKind::Expected("data point, not metadata,");
                Err(LineError::new(text, 0, kind))
            }
        }
    }
}

/// Reads a metadata line.
impl FromStr for Metadata {
    type Err = LineError;

    fn from_str(text: &str) -> Result<Self, LineError> {
        match Reader::without_clock().read(text)? {
            Record::Metadata(metadata) => Ok(metadata),
            Record::Line(_) => {
                let kind = ErrorKind::Expected("metadata, not a data point,");
                Err(LineError::new(text, 0, kind))
            }
        }
    }
}
