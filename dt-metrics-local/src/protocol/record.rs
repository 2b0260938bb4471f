//! The records that a line is read into.

use std::fmt;

use super::note::Note;

/// The content of a line: a data point or metadata.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Record {
    /// A data point.
    Line(Line),
    /// The unit, the description and the display name of a metric.
    Metadata(Metadata),
}

impl Record {
    /// Returns notes about the parts of the record that are not stored as sent.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        match self {
            Self::Line(line) => &line.notes,
            Self::Metadata(_) => &[],
        }
    }

    /// Changes the metric key as Metrics Classic does, where a key has one type: a count has the
    /// suffix `.count`, and a gauge has not.
    pub(crate) fn suffix_key(&mut self) -> Option<Note> {
        let (key, is_count) = match self {
            Self::Line(line) => (&mut line.key, line.payload.kind() == Kind::Count),
            Self::Metadata(metadata) => {
                let is_count = metadata.metric_type == MetricType::Count;
                (&mut metadata.key, is_count)
            }
        };
        let (count, gauge) = (".count", ".gauge");
        let suffix = match (is_count, key.ends_with(count)) {
            (true, false) => count,
            (false, true) => gauge,
            _ => return None,
        };
        let from = key.clone();
        key.push_str(suffix);
        let to = key.clone();
        Some(Note::KeyChanged { from, to })
    }
}

/// A data point.
///
/// Its [`Display`](fmt::Display) is the line as received.
///
/// ```
/// use dt_metrics_local::protocol::Line;
///
/// let line: Line = "temperature,room=attic gauge,31.5".parse()?;
/// assert_eq!(line.dimension("room"), Some("attic"));
/// assert_eq!(line.to_string(), "temperature,room=attic gauge,31.5");
/// # Ok::<(), dt_metrics_local::protocol::LineError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Line {
    /// The line as received, without its line break.
    pub text: String,
    /// The metric key.
    pub key: String,
    /// Keys and decoded values, in the order of the line, without the keys in `notes`.
    pub dimensions: Vec<(String, String)>,
    /// The measured value or values.
    pub payload: Payload,
    /// UTC milliseconds since 1970; `None` if the line has no timestamp.
    pub timestamp_ms: Option<i64>,
    /// Notes about the parts of the line that are not stored as sent.
    pub notes: Vec<Note>,
}

impl Line {
    /// Returns the decoded value of the dimension `key`; `None` if the line does not have this dimension.
    #[must_use]
    pub fn dimension(&self, key: &str) -> Option<&str> {
        self.dimensions
            .iter()
            .find(|(known, _)| known == key)
            .map(|(_, value)| value.as_str())
    }

    /// Returns the delta of a count line; `None` for other payloads.
    #[must_use]
    pub fn delta(&self) -> Option<f64> {
        match self.payload {
            Payload::Count { delta } => Some(delta),
            Payload::Gauge { .. } | Payload::Summary { .. } => None,
        }
    }

    /// Returns `true` if the line has all of these dimensions with these values.
    #[must_use]
    pub fn has_dimensions(&self, dimensions: &[(&str, &str)]) -> bool {
        dimensions
            .iter()
            .all(|(key, value)| self.dimension(key) == Some(value))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The measurement of a data point.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Payload {
    /// `gauge,<value>`: a value at a point in time.
    Gauge {
        /// The value.
        value: f64,
    },
    /// `gauge,min=,max=,sum=,count=`: a summary of many values.
    Summary {
        /// Smallest value.
        min: f64,
        /// Largest value.
        max: f64,
        /// Sum of the values.
        sum: f64,
        /// Number of values.
        count: u64,
    },
    /// `count,delta=<delta>`: the increase of a counter.
    Count {
        /// The increase.
        delta: f64,
    },
}

impl Payload {
    /// Returns the kind of the payload.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Gauge { .. } => Kind::Gauge,
            Self::Summary { .. } => Kind::Summary,
            Self::Count { .. } => Kind::Count,
        }
    }
}

/// The three kinds of payload. Its [`Display`](fmt::Display) is the name in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A value at a point in time.
    Gauge,
    /// A summary of many values.
    Summary,
    /// The increase of a counter.
    Count,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Gauge => "gauge",
            Self::Summary => "summary",
            Self::Count => "count",
        })
    }
}

/// A metadata line: unit, description and display name of a metric.
///
/// Its [`Display`](fmt::Display) is the line as received.
///
/// ```
/// use dt_metrics_local::protocol::{Metadata, MetricType};
///
/// let text = r#"#payload.size gauge dt.meta.unit=By,dt.meta.description="Size of a payload""#;
/// let metadata: Metadata = text.parse()?;
/// assert_eq!(metadata.metric_type, MetricType::Gauge);
/// assert_eq!(metadata.unit.as_deref(), Some("By"));
/// assert_eq!(metadata.description.as_deref(), Some("Size of a payload"));
/// assert_eq!(metadata.display_name, None);
/// # Ok::<(), dt_metrics_local::protocol::LineError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metadata {
    /// The line as received, without its line break.
    pub text: String,
    /// The metric key.
    pub key: String,
    /// The type of the metric.
    pub metric_type: MetricType,
    /// The unit, `dt.meta.unit`.
    pub unit: Option<String>,
    /// The description, `dt.meta.description`.
    pub description: Option<String>,
    /// The display name, `dt.meta.displayName`.
    pub display_name: Option<String>,
}

impl fmt::Display for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The type of a metric in its metadata line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MetricType {
    /// Gauges and summaries.
    Gauge,
    /// Counts.
    Count,
}

impl fmt::Display for MetricType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Gauge => "gauge",
            Self::Count => "count",
        })
    }
}
