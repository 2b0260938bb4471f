//! Why a line is refused, and where.

use std::fmt;

use super::limits;
use super::temporality::Temporality;

/// The reason why a line was refused, and the position of the error in the line.
///
/// ```
/// use dt_metrics_local::protocol::{ErrorKind, Reader};
///
/// let error = Reader::without_clock().read("orders,=eu count,delta=1").unwrap_err();
/// assert!(matches!(error.kind(), ErrorKind::Missing(_)));
/// assert_eq!(error.column(), 8);
/// assert_eq!(error.to_string(), "dimension key expected, found '=', column 8");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct LineError {
    kind: ErrorKind,
    offset: usize,
    column: usize,
    found: Found,
}

/// The content of a line at the position of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Character(char),
    End,
    /// The text is not a line that somebody wrote.
    #[cfg(feature = "otlp")]
    Unknown,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        // The other kinds name the character themselves, or are not about a single one.
        if let ErrorKind::Missing(_) | ErrorKind::Expected(_) = self.kind {
            match self.found {
                Found::Character(found) => write!(f, ", found {found:?}")?,
                Found::End => f.write_str(" before the end")?,
                #[cfg(feature = "otlp")]
                Found::Unknown => {}
            }
        }
        write!(f, ", column {}", self.column)
    }
}

impl LineError {
    pub(crate) fn new(text: &str, offset: usize, kind: ErrorKind) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let at = text.get(before.len()..).and_then(|at| at.chars().next());
        Self {
            found: at.map_or(Found::End, Found::Character),
            kind,
            offset: before.len(),
            column: before.chars().count() + 1,
        }
    }

    /// An error about a text that only describes what was sent.
    #[cfg(feature = "otlp")]
    pub(crate) fn about(text: &str, offset: usize, kind: ErrorKind) -> Self {
        Self {
            found: Found::Unknown,
            ..Self::new(text, offset, kind)
        }
    }

    /// The error of a valid line that a test requested to refuse.
    pub(crate) fn on_demand() -> Self {
        Self::new("", 0, ErrorKind::OnDemand)
    }

    /// Returns the kind of the error.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Returns the position of the error: the byte offset in the line, from 0, always on a character boundary.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Returns the position of the error: the number of the character in the line, from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }
}

/// A part of a line, named in errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// The whole line.
    Line,
    /// The metric key.
    MetricKey,
    /// The key of a dimension.
    DimensionKey,
    /// The value of a dimension.
    DimensionValue,
    /// `gauge,…` or `count,…`.
    Payload,
    /// A number of the payload.
    Number,
    /// `count` of a summary.
    Count,
    /// The timestamp of the data point.
    Timestamp,
    /// `gauge` or `count` of a metadata line.
    MetricType,
    /// A property of a metadata line.
    Property,
    /// `dt.meta.unit`.
    Unit,
    /// `dt.meta.displayName`.
    DisplayName,
    /// `dt.meta.description`.
    Description,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Line => "line",
            Self::MetricKey => "metric key",
            Self::DimensionKey => "dimension key",
            Self::DimensionValue => "dimension value",
            Self::Payload => "payload",
            Self::Number => "number",
            Self::Count => "count",
            Self::Timestamp => "timestamp",
            Self::MetricType => "\"gauge\" or \"count\"",
            Self::Property => "metadata property",
            Self::Unit => "unit",
            Self::DisplayName => "display name",
            Self::Description => "description",
        })
    }
}

/// The kinds of errors in a line or an OTLP data point.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A required part is absent or empty.
    #[error("{0} expected")]
    Missing(Part),
    /// The fixed text that the field contains was expected.
    #[error("{0} expected")]
    Expected(&'static str),
    /// A part is longer than its limit, in UTF-16 code units.
    #[error("{part} has {length} characters, the limit is {limit}")]
    TooLong {
        /// The part that is too long.
        part: Part,
        /// Its length.
        length: usize,
        /// The limit.
        limit: usize,
    },
    /// A part is shorter than its limit, in UTF-16 code units.
    #[error("{part} has {length} characters, at least {limit} are needed")]
    TooShort {
        /// The part that is too short.
        part: Part,
        /// Its length.
        length: usize,
        /// The limit.
        limit: usize,
    },
    /// A character that the part may not contain.
    #[error("{part} may not contain {found:?}")]
    Character {
        /// The part.
        part: Part,
        /// The character.
        found: char,
    },
    /// A character that does not belong in a number at its place.
    #[error("unexpected {found:?} in {part}")]
    Unexpected {
        /// The number.
        part: Part,
        /// The character.
        found: char,
    },
    /// Whitespace other than the single space that separates the parts of a line.
    #[error("unexpected {0:?}: the parts of a line are separated by one space")]
    Separator(char),
    /// Whitespace after the last part of a line, a carriage return for example.
    #[error("unexpected {0:?} at the end: a line ends with its last part, then '\\n'")]
    LineEnd(char),
    /// A character that a key or one of its sections may not start with.
    #[error("{part} section may not start with {found:?}")]
    SectionStart {
        /// The key.
        part: Part,
        /// The character.
        found: char,
    },
    /// Two dots in a row, or a dot at either end.
    #[error("{0} has an empty section")]
    EmptySection(Part),
    /// A metric key that begins with `dt.`.
    #[error("metric keys beginning with \"dt.\" are reserved")]
    ReservedKey,
    /// `=`, `"` or `\` that needs a backslash before it.
    #[error("{0:?} must be escaped with a backslash")]
    Unescaped(char),
    /// A backslash before a character that is not escaped, or at the end.
    #[error("backslash does not escape anything")]
    Escape,
    /// A quoted value without its closing quote.
    #[error("closing quote expected")]
    UnterminatedQuote,
    /// More dimensions than the limit.
    #[error("more than {} dimensions", limits::DIMENSIONS)]
    TooManyDimensions,
    /// A number that is out of the range of a finite 64-bit float.
    #[error("number out of range")]
    NumberRange,
    /// `count` of a summary is larger than a 64-bit integer.
    #[error("count out of range")]
    Count,
    /// A summary with `count=0` whose other numbers are not 0.
    #[error("count is 0 but min, max and sum are not")]
    EmptySummary,
    /// A summary whose mean is not between its minimum and maximum.
    #[error("min <= sum/count <= max does not hold")]
    SummaryOrder,
    /// A timestamp that is larger than a 64-bit integer.
    #[error("timestamp out of range, expected UTC milliseconds")]
    Timestamp,
    /// A timestamp too far in the past.
    #[error("timestamp is more than 1 hour in the past")]
    TimestampPast,
    /// A timestamp too far in the future.
    #[error("timestamp is more than 10 minutes in the future")]
    TimestampFuture,
    /// A metadata property that the protocol does not define.
    #[error(
        "unknown metadata property, known are dt.meta.unit, dt.meta.description and dt.meta.displayName"
    )]
    UnknownProperty,
    /// A metadata property occurs twice.
    #[error("metadata property occurs twice")]
    DuplicateProperty,
    /// OTLP: a monotonic sum that is not delta.
    #[error(
        "monotonic sums must be delta, not {0} (UNSUPPORTED_METRIC_TYPE_MONOTONIC_CUMULATIVE_SUM)"
    )]
    SumNotDelta(Temporality),
    /// OTLP: a histogram that is not delta.
    #[error("histograms must be delta, not {0}")]
    HistogramNotDelta(Temporality),
    /// OTLP: a sum without aggregation temporality.
    #[error("aggregation temporality expected")]
    NoTemporality,
    /// OTLP: a summary (quantiles).
    #[error("summaries are not supported (UNSUPPORTED_METRIC_TYPE_SUMMARY)")]
    Summary,
    /// OTLP: a histogram without the sum of its values.
    #[error("histogram has no sum")]
    HistogramWithoutSum,
    /// OTLP: a histogram whose buckets contradict each other.
    #[error("histogram {0} (HISTOGRAM_BUCKET_INVALID)")]
    Buckets(&'static str),
    /// OTLP: NaN or an infinity.
    #[error("value is not a finite number (VALUE_INVALID)")]
    NotFinite,
    /// A valid line that a test requested to refuse.
    #[error("refused on demand")]
    OnDemand,
}
