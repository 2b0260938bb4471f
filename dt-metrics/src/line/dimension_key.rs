//! Keys of dimensions.

use std::borrow::Cow;

use super::class::{COLON, DIGIT, HYPHEN, LOWER, UNDERSCORE};
use super::invalid::Invalid;
use super::limits::MAX_DIMENSION_KEY_LENGTH;
use super::sections::{Fault, Grammar};

const GRAMMAR: Grammar = Grammar {
    first: LOWER | UNDERSCORE,
    start: LOWER | UNDERSCORE,
    inner: LOWER | UNDERSCORE | DIGIT | HYPHEN | COLON,
    longest: MAX_DIMENSION_KEY_LENGTH,
};

/// Checks that `key` is a valid dimension key, which is sent unchanged: 1 to 100 lower case ASCII letters,
/// digits, `_`, `-` and `:` in sections between dots, each of which begins with a letter or `_` (Dynatrace
/// documentation, *Metric ingestion protocol*).
///
/// ```
/// use dt_metrics::line::check_dimension_key;
///
/// const _: () = assert!(check_dimension_key("http.status-code").is_ok());
/// assert!(check_dimension_key("http.2xx").is_err());
/// ```
///
/// # Errors
///
/// Returns the first rule that `key` breaks.
pub const fn check_dimension_key(key: &str) -> Result<(), Invalid> {
    match GRAMMAR.fault(key) {
        None => Ok(()),
        Some(Fault::Empty) => Err(Invalid::DimensionKeyEmpty),
        Some(Fault::TooLong) => Err(Invalid::DimensionKeyTooLong),
        Some(Fault::First) if key.as_bytes()[0] == b'.' => Err(Invalid::DimensionKeyEmptySection),
        Some(Fault::First | Fault::SectionStart) => Err(Invalid::DimensionKeySectionStart),
        Some(Fault::EmptySection) => Err(Invalid::DimensionKeyEmptySection),
        Some(Fault::UpperCase) => Err(Invalid::DimensionKeyUpperCase),
        Some(Fault::Character) => Err(Invalid::DimensionKeyCharacter),
    }
}

/// Converts `key` to a valid dimension key: letters become lower case; each run of characters that are
/// not allowed in a key, or not at this position, becomes one `_`; empty sections are dropped; the
/// key is cut off after 100 characters. Returns `None` if no character is left.
///
/// A key that [`check_dimension_key`] accepts is returned unchanged.
///
/// ```
/// use dt_metrics::line::normalize_dimension_key;
///
/// assert_eq!(normalize_dimension_key("HTTP.Route").as_deref(), Some("http.route"));
/// assert_eq!(normalize_dimension_key("..."), None);
/// ```
#[must_use]
pub fn normalize_dimension_key(key: &str) -> Option<Cow<'_, str>> {
    if check_dimension_key(key).is_ok() {
        return Some(Cow::Borrowed(key));
    }
    let key = GRAMMAR.normalize(key.chars().map(lower));
    (!key.is_empty()).then_some(Cow::Owned(key))
}

/// The lower case of `c`, as far as it matters: two characters outside ASCII have an ASCII letter
/// as theirs, all others stay invalid.
fn lower(c: char) -> char {
    match c {
        '\u{130}' => 'i',
        '\u{212a}' => 'k',
        _ => c.to_ascii_lowercase(),
    }
}
