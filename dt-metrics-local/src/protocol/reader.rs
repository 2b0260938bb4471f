use std::time::{SystemTime, UNIX_EPOCH};

use super::scanner::{Cursor, length};
use super::{
    ErrorKind, Line, LineError, Part, Record, key, limits, metadata, number, payload, value,
};

/// Reads lines one at a time.
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
    /// A reader whose clock says `now`: timestamps must be at most 1 hour before it and 10 minutes
    /// after it.
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

    /// A reader that takes any timestamp.
    #[must_use]
    pub fn without_clock() -> Self {
        Self { now_ms: None }
    }

    /// Reads one line, given without its line break.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with the line, and where it is.
    pub fn read(&self, text: &str) -> Result<Record, LineError> {
        let mut cursor = Cursor::new(text);
        if text.is_empty() {
            return Err(cursor.error(ErrorKind::Missing(Part::Line)));
        }
        let length = length(text);
        if length > limits::LINE {
            return Err(cursor.error(ErrorKind::TooLong {
                part: Part::Line,
                length,
                limit: limits::LINE,
            }));
        }
        if cursor.eat("#") {
            metadata::read(&mut cursor, text).map(Record::Metadata)
        } else {
            self.data_point(&mut cursor, text).map(Record::Line)
        }
    }

    fn data_point(&self, cursor: &mut Cursor<'_>, text: &str) -> Result<Line, LineError> {
        let key = key::metric(cursor, &[',', ' '])?;
        let dimensions = dimensions(cursor)?;
        if !cursor.eat(" ") {
            return Err(cursor.error(ErrorKind::Missing(Part::Payload)));
        }
        let payload = payload::read(cursor)?;
        let timestamp_ms = self.timestamp(cursor)?;
        Ok(Line {
            text: text.to_owned(),
            key,
            dimensions,
            payload,
            timestamp_ms,
        })
    }

    fn timestamp(&self, cursor: &mut Cursor<'_>) -> Result<Option<i64>, LineError> {
        if cursor.is_at_end() {
            return Ok(None);
        }
        cursor.expect(" ", "space or end of line")?;
        let start = cursor.offset();
        let timestamp = number::milliseconds(cursor)?;
        self.check_time(timestamp)
            .map_err(|kind| cursor.error_at(start, kind))?;
        Ok(Some(timestamp))
    }

    /// Whether a data point of this time is taken.
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

fn dimensions(cursor: &mut Cursor<'_>) -> Result<Vec<(String, String)>, LineError> {
    let mut dimensions: Vec<(String, String)> = Vec::new();
    while cursor.eat(",") {
        let start = cursor.offset();
        let key = key::dimension(cursor)?;
        if dimensions.len() == limits::DIMENSIONS {
            return Err(cursor.error_at(start, ErrorKind::TooManyDimensions));
        }
        if dimensions.iter().any(|(known, _)| *known == key) {
            return Err(cursor.error_at(start, ErrorKind::DuplicateDimension(key)));
        }
        cursor.expect("=", "\"=\"")?;
        let value = value::dimension(cursor)?;
        dimensions.push((key, value));
    }
    Ok(dimensions)
}
