//! Notes about an accepted line for its sender.

use std::fmt;

/// A note about a part of an accepted line or OTLP data point that the endpoint does not store as sent.
///
/// Its [`Display`](fmt::Display) describes the change of the part.
///
/// ```
/// use dt_metrics_local::protocol::{Line, Note};
///
/// let line: Line = "orders,region=,tier=gold count,delta=1".parse()?;
/// assert_eq!(line.dimensions, [("tier".to_owned(), "gold".to_owned())]);
/// assert_eq!(line.notes, [Note::EmptyDimension("region".to_owned())]);
/// # Ok::<(), dt_metrics_local::protocol::LineError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// The dimension with this key has no value, so it is not stored.
    EmptyDimension(String),
    /// The dimension key occurs more than once; the first value is stored.
    RepeatedDimension(String),
    /// Metrics Classic stores the line under another metric key.
    KeyChanged {
        /// The metric key as sent.
        from: String,
        /// The metric key with its suffix.
        to: String,
    },
    /// OTLP: an attribute whose type cannot be a dimension.
    AttributeType {
        /// The key of the attribute.
        key: String,
        /// Its type: `array`, `map`, `bytes` or `double`.
        found: &'static str,
    },
}

impl Note {
    /// The kind of the note, without the keys of this line.
    pub(crate) fn cause(&self) -> &'static str {
        match self {
            Self::EmptyDimension(_) => "Dimensions without a value are not stored",
            Self::RepeatedDimension(_) => {
                "Dimension keys occur more than once, only the first value is stored"
            }
            Self::KeyChanged { .. } => "Metrics Classic adds a suffix to metric keys",
            Self::AttributeType { .. } => {
                "Attributes are dropped, since a dimension cannot have their type"
            }
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyDimension(key) => {
                write!(f, "dimension {key:?} is not stored, its value is empty")
            }
            Self::RepeatedDimension(key) => write!(
                f,
                "dimension key {key:?} occurs more than once, only its first value is stored"
            ),
            Self::KeyChanged { from, to } => {
                write!(f, "metric key '{from}' changed to '{to}'")
            }
            Self::AttributeType { key, found } => write!(
                f,
                "attribute {key:?} is not stored, a dimension cannot be of type {found}: use a \
                 string, a Boolean or an integer"
            ),
        }
    }
}
