//! Metric keys.

use core::fmt;
use std::borrow::Cow;

use super::class::{DIGIT, HYPHEN, LOWER, UNDERSCORE, UPPER};
use super::invalid::Invalid;
use super::limits::MAX_METRIC_KEY_LENGTH;
use super::sections::{Fault, Grammar};

const GRAMMAR: Grammar = Grammar {
    first: LOWER | UPPER | UNDERSCORE,
    start: LOWER | UPPER | UNDERSCORE | DIGIT,
    inner: LOWER | UPPER | UNDERSCORE | DIGIT | HYPHEN,
    longest: MAX_METRIC_KEY_LENGTH,
};

/// Checks that `key` can be sent unchanged, alone or after a prefix: at most 255 ASCII letters, digits, `_`
/// and `-` in sections between dots. The first section begins with a letter or `_`, and no section begins
/// with `-` (Dynatrace documentation, *Metric ingestion protocol*).
///
/// Dynatrace requires at least three characters, including the prefix of the exporter. The exporter drops
/// data points with a shorter key, and a warning at install names them.
///
/// ```
/// use dt_metrics::line::check_metric_key;
///
/// const _: () = assert!(check_metric_key("http.server.request.duration").is_ok());
/// assert!(check_metric_key("http..duration").is_err());
/// ```
///
/// # Errors
///
/// Returns the first rule that `key` breaks.
pub const fn check_metric_key(key: &str) -> Result<(), Invalid> {
    match GRAMMAR.fault(key) {
        None => Ok(()),
        Some(Fault::Empty) => Err(Invalid::MetricKeyEmpty),
        Some(Fault::TooLong) => Err(Invalid::MetricKeyTooLong),
        Some(Fault::First) => Err(Invalid::MetricKeyStart),
        Some(Fault::SectionStart) => Err(Invalid::MetricKeySectionStart),
        Some(Fault::EmptySection) => Err(Invalid::MetricKeyEmptySection),
        Some(Fault::UpperCase | Fault::Character) => Err(Invalid::MetricKeyCharacter),
    }
}

/// A valid metric key, normalised once and copied on every line.
///
/// ```
/// use dt_metrics::line::MetricKey;
///
/// let key = MetricKey::with_prefix("shop", "orders placed").unwrap();
/// assert_eq!(key.as_str(), "shop.orders_placed");
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MetricKey(Box<str>);

impl MetricKey {
    /// Converts `key` to a valid metric key: each run of characters that are not allowed in a key, or not
    /// at this position, becomes one `_`; empty sections are dropped; the key is cut off after 255
    /// characters. Returns `None` if the key is empty or begins with a dot.
    ///
    /// A key that [`check_metric_key`] accepts stays unchanged.
    #[must_use]
    pub fn new(key: &str) -> Option<Self> {
        Self::from_cow(Cow::Borrowed(key))
    }

    /// Converts `prefix.key` to a valid metric key, like [`MetricKey::new`]. An empty prefix is ignored.
    /// Returns `None` if `key` is empty.
    #[must_use]
    pub fn with_prefix(prefix: &str, key: &str) -> Option<Self> {
        if prefix.is_empty() {
            return Self::new(key);
        }
        if key.is_empty() {
            return None;
        }
        Self::from_cow(Cow::Owned(format!("{prefix}.{key}")))
    }

    fn from_cow(key: Cow<'_, str>) -> Option<Self> {
        if check_metric_key(&key).is_ok() {
            return Some(Self(key.into()));
        }
        // The reference client drops leading dots of a dimension key, but refuses a metric key.
        if key.is_empty() || key.starts_with('.') {
            return None;
        }
        Some(Self(GRAMMAR.normalize(key.chars()).into()))
    }

    /// Returns the key as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for MetricKey {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MetricKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
