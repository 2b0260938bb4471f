//! Sets of dimensions.

use core::fmt;

use super::dimension_key::normalize_dimension_key;
use super::dimension_value::{is_empty, push_value};
use super::limits::MAX_DIMENSIONS;

/// A valid set of dimensions of a line, serialised once and copied on every line: `,key=value,key=value`.
/// The keys are sorted, so equal sets have equal texts.
///
/// ```
/// use dt_metrics::line::Dimensions;
///
/// let defaults = [("env", "prod"), ("region", "?")];
/// let measured = [("Region", "eu west")];
/// let dimensions = Dimensions::from_layers(&[&defaults, &measured])?;
/// assert_eq!(dimensions.as_str(), r",env=prod,region=eu\ west");
/// assert_eq!(dimensions.len(), 2);
/// # Ok::<(), dt_metrics::line::TooManyDimensions>(())
/// ```
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Dimensions {
    text: Box<str>,
    len: usize,
}

/// The error of more than 50 dimensions on one line. The field is the number of dimensions. The data point
/// has no line, since the server would drop the line.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0} dimensions, of which a line has at most {MAX_DIMENSIONS}")]
pub struct TooManyDimensions(pub usize);

impl TooManyDimensions {
    /// Returns a short name for counters of dropped points, like [`Rejected::reason`](super::Rejected).
    #[must_use]
    pub const fn reason(self) -> &'static str {
        "too_many_dimensions"
    }
}

impl Dimensions {
    /// Normalises and serialises `layers` of keys and values. If keys are equal after normalisation, a
    /// later layer takes precedence over an earlier layer, and a later entry takes precedence over an
    /// earlier entry of the same layer. Pass layers in this order: default dimensions, dimensions of the
    /// measurement, Dynatrace's metadata. An entry whose key is empty after normalisation is left out. An
    /// entry with an empty value is left out together with the entries with the same key that it
    /// overrides.
    ///
    /// # Errors
    ///
    /// [`TooManyDimensions`] if there are more than 50 keys, including keys with empty values: the
    /// reference client counts them.
    pub fn from_layers(layers: &[&[(&str, &str)]]) -> Result<Self, TooManyDimensions> {
        let mut entries: Vec<_> = layers
            .iter()
            .flat_map(|layer| layer.iter())
            .filter_map(|&(key, value)| Some((normalize_dimension_key(key)?, value)))
            .collect();
        // The sort is stable: the last of equal keys is the one that wins.
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        let winners = || {
            let by_key = entries.chunk_by(|(a, _), (b, _)| a == b);
            by_key.filter_map(|equal| equal.last())
        };
        let keys = winners().count();
        if keys > MAX_DIMENSIONS {
            return Err(TooManyDimensions(keys));
        }

        let size = entries
            .iter()
            .map(|(key, value)| key.len() + value.len() + 2)
            .sum();
        let mut text = String::with_capacity(size);
        let mut len = 0;
        for (key, value) in winners().filter(|(_, value)| !is_empty(value)) {
            text.push(',');
            text.push_str(key);
            text.push('=');
            push_value(&mut text, value);
            len += 1;
        }
        Ok(Self {
            text: text.into(),
            len,
        })
    }

    /// Returns the dimensions as they are sent, each with a comma before it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the number of dimensions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns `true` if the set has no dimensions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl AsRef<str> for Dimensions {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Dimensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
