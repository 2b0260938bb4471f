//! From `CamelCase` to `snake_case`.

/// Each word in lower case, with `_` between.
///
/// A word begins at an upper-case letter behind a letter that is not, or behind a digit; and at
/// the last of several upper-case letters, if a lower-case one follows: `HTTPServer` is
/// `http_server`, `Http2` is `http2`, `A1B` is `a1_b`.
pub(super) fn snake_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut before = '_';
    let mut rest = name.chars();
    while let Some(c) = rest.next() {
        let ends_capitals = || rest.clone().next().is_some_and(char::is_lowercase);
        if c.is_uppercase() && before != '_' && (!before.is_uppercase() || ends_capitals()) {
            out.push('_');
        }
        out.extend(c.to_lowercase());
        before = c;
    }
    out
}
