//! Values of dimensions.

use std::borrow::Cow;

use unicode_general_category::{GeneralCategory, get_general_category};

use super::class::{
    self, COLON, Class, DIGIT, HYPHEN, LOWER, OTHER, SEPARATOR, UNDERSCORE, UNIT_MARK, UPPER,
};
use super::limits::MAX_DIMENSION_VALUE_LENGTH;

/// Characters of a value without quotes and escapes.
pub(super) const PLAIN: Class =
    LOWER | UPPER | DIGIT | UNDERSCORE | HYPHEN | COLON | UNIT_MARK | OTHER;

/// Characters of a value between quotes without escapes.
const QUOTED_PLAIN: Class = PLAIN | SEPARATOR;

/// Converts `value` to a valid dimension value. Returns `None` if `value` is empty or an empty pair of
/// quotes, which is not sent.
///
/// Each run of control, format, private-use and unassigned characters and of line and paragraph
/// separators becomes one `_`. In a value in quotes (`"…"`), inner quotes and backslashes are
/// escaped; in any other value, also `,`, `=` and the space. The value is cut off after 255
/// characters, never inside an escape.
///
/// ```
/// use dt_metrics::line::normalize_dimension_value;
///
/// assert_eq!(normalize_dimension_value("eu").as_deref(), Some("eu"));
/// assert_eq!(normalize_dimension_value("a b").as_deref(), Some(r"a\ b"));
/// assert_eq!(normalize_dimension_value("\"a b\"").as_deref(), Some("\"a b\""));
/// assert_eq!(normalize_dimension_value("\"\""), None);
/// ```
#[must_use]
pub fn normalize_dimension_value(value: &str) -> Option<Cow<'_, str>> {
    if is_empty(value) {
        return None;
    }
    if is_plain(value) {
        return Some(Cow::Borrowed(value));
    }
    let mut out = String::with_capacity(value.len().min(MAX_DIMENSION_VALUE_LENGTH) + 16);
    escape(&mut out, value);
    Some(Cow::Owned(out))
}

/// Appends `value` as it is sent. `value` is not [empty](is_empty).
pub(super) fn push_value(out: &mut String, value: &str) {
    if is_plain(value) {
        out.push_str(value);
    } else {
        escape(out, value);
    }
}

/// Whether `value` has nothing to send.
pub(super) fn is_empty(value: &str) -> bool {
    value.is_empty() || value == "\"\""
}

/// The text between the quotes of `value`, if it is quoted.
pub(super) fn unquoted(value: &str) -> Option<&str> {
    // A lone `"` is both ends of nothing: not a quoted value, but one to be escaped.
    value.strip_prefix('"')?.strip_suffix('"')
}

/// Whether `value` is sent as it is: short ASCII with nothing to escape, as most values are.
fn is_plain(value: &str) -> bool {
    value.len() <= MAX_DIMENSION_VALUE_LENGTH
        && (class::all(value.as_bytes(), PLAIN)
            || unquoted(value).is_some_and(|inner| class::all(inner.as_bytes(), QUOTED_PLAIN)))
}

fn escape(out: &mut String, value: &str) {
    if let Some(inner) = unquoted(value) {
        out.push('"');
        escape_chars(out, inner, false, MAX_DIMENSION_VALUE_LENGTH - 2);
        out.push('"');
    } else {
        escape_chars(out, value, true, MAX_DIMENSION_VALUE_LENGTH);
    }
}

fn escape_chars(out: &mut String, text: &str, separators: bool, longest: usize) {
    let mut length = 0;
    let mut replaced = false;
    for c in text.chars() {
        let (c, escaped) = if c.is_ascii_control() || !(c.is_ascii() || is_allowed(c)) {
            if replaced {
                continue;
            }
            replaced = true;
            ('_', false)
        } else {
            replaced = false;
            let special = matches!(c, '"' | '\\') || separators && class::is_char(c, SEPARATOR);
            (c, special)
        };
        length += c.len_utf16() + usize::from(escaped);
        if length > longest {
            break;
        }
        if escaped {
            out.push('\\');
        }
        out.push(c);
    }
}

/// Whether the value of a dimension can have `c`.
///
/// The reference client lets U+1F900 to U+1F9FF pass even if its Unicode version does not contain
/// them; the tables used here (Unicode 16) contain all of them.
fn is_allowed(c: char) -> bool {
    use GeneralCategory::Format;
    is_allowed_in_text(c) && get_general_category(c) != Format
}

/// Whether a description can have `c`: all characters of a value, and also format characters.
pub(super) fn is_allowed_in_text(c: char) -> bool {
    use GeneralCategory as Category;
    !matches!(
        get_general_category(c),
        Category::Control
            | Category::PrivateUse
            | Category::Unassigned
            | Category::LineSeparator
            | Category::ParagraphSeparator
            | Category::Surrogate
    )
}

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
