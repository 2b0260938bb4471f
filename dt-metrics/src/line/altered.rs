//! Whether the value of a dimension is sent as it was given.

use std::borrow::Cow;

use super::dimension_value::normalize_dimension_value;

/// Whether a reader of the line gets another text than `value`: escapes do not count, and neither
/// does an empty value, which the protocol defines as no dimension.
pub(crate) fn is_value_altered(value: &str) -> bool {
    let Some(Cow::Owned(sent)) = normalize_dimension_value(value) else {
        return false;
    };
    let mut chars = sent.chars();
    let unescaped = std::iter::from_fn(|| match chars.next()? {
        '\\' => chars.next(),
        other => Some(other),
    });
    unescaped.ne(value.chars())
}
