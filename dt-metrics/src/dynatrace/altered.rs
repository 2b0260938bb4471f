//! What was done to a point so that it can be sent.

use std::borrow::Cow;
use std::ops::BitOr;

use opentelemetry::KeyValue;

use super::attributes::text;
use crate::line::{MetricKey, normalize_dimension_key, normalize_dimension_value};

/// A set of alterations.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Altered(u8);

/// Each alteration with its name in `altered`.
const REASONS: [(Altered, &str); 4] = [
    (Altered::METRIC_KEY, "metric_key"),
    (Altered::DIMENSION_KEY, "dimension_key"),
    (Altered::DIMENSION_VALUE, "dimension_value"),
    (Altered::ARRAY_ATTRIBUTE, "array_attribute"),
];

impl Altered {
    pub(super) const NOTHING: Self = Self(0);
    /// The metric's key is not its name.
    pub(super) const METRIC_KEY: Self = Self(1);
    /// A dimension has another key than it was given, or none was left.
    pub(super) const DIMENSION_KEY: Self = Self(1 << 1);
    /// A value was cut off, or has other characters than it was given.
    pub(super) const DIMENSION_VALUE: Self = Self(1 << 2);
    /// An array was left out.
    pub(super) const ARRAY_ATTRIBUTE: Self = Self(1 << 3);

    pub(super) fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(super) fn reasons(self) -> impl Iterator<Item = (Self, &'static str)> {
        REASONS
            .into_iter()
            .filter(move |(each, _)| self.contains(*each))
    }

    /// What sending does to this key and value, beyond escaping.
    pub(super) fn of_dimension(key: &str, value: &str) -> Self {
        let mut altered = Self::NOTHING;
        if !matches!(normalize_dimension_key(key), Some(Cow::Borrowed(_))) {
            altered = altered | Self::DIMENSION_KEY;
        }
        match normalize_dimension_value(value) {
            // An empty value is no dimension, by the protocol.
            None | Some(Cow::Borrowed(_)) => altered,
            Some(Cow::Owned(sent)) if reads_as(&sent, value) => altered,
            Some(Cow::Owned(_)) => altered | Self::DIMENSION_VALUE,
        }
    }
}

impl BitOr for Altered {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Says what was altered in a point with this key and these attributes.
pub(super) fn explain<'a>(
    altered: Altered,
    key: &MetricKey,
    mut attributes: impl Iterator<Item = &'a KeyValue>,
) -> String {
    if altered == Altered::METRIC_KEY {
        return format!("its key is sent as {key}");
    }
    let attribute = attributes.find(|attribute| match text(&attribute.value) {
        Some(text) => Altered::of_dimension(attribute.key.as_str(), &text).contains(altered),
        None => altered == Altered::ARRAY_ATTRIBUTE,
    });
    let name = attribute.map_or("given for all metrics", |attribute| attribute.key.as_str());
    match altered {
        Altered::ARRAY_ATTRIBUTE => {
            format!("the attribute {name:?} is an array and left out: dimensions are single values")
        }
        Altered::DIMENSION_VALUE => format!(
            "a value of the dimension {name:?} is altered: it is over 255 characters long or has \
             characters that cannot be sent"
        ),
        _ => match normalize_dimension_key(name) {
            Some(sent) => format!("the dimension {name:?} is sent as {sent:?}"),
            None => format!("the dimension {name:?} is left out: its key has nothing to send"),
        },
    }
}

/// Whether `sent` is `value` once its escapes are undone.
fn reads_as(sent: &str, value: &str) -> bool {
    let mut chars = sent.chars();
    let unescaped = std::iter::from_fn(|| match chars.next()? {
        '\\' => chars.next(),
        other => Some(other),
    });
    unescaped.eq(value.chars())
}

#[cfg(test)]
mod tests;
