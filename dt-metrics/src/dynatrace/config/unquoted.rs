//! Values as people write them into files of environment variables.

/// Removes the white space around a value, and the quotes that some people write into files of
/// environment variables; `None` if nothing is left.
pub(crate) fn unquoted(text: &str) -> Option<&str> {
    let text = text.trim();
    let inner = ['"', '\'']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
    let text = inner.unwrap_or(text).trim();
    (!text.is_empty()).then_some(text)
}
