//! Descriptions of annotations that have several metrics, made when the program is compiled.

/// The text between a description and the metric that it describes.
const SEPARATOR: &[u8] = b": ";

/// The length of [`joined`].
#[must_use]
pub const fn joined_length(description: &str, part: &str) -> usize {
    match sentence(description.as_bytes()).len() {
        0 => 0,
        length => length + SEPARATOR.len() + part.len(),
    }
}

/// `description` without the dot at its end, followed by the metric, `part`: "Orders: calls". Empty
/// if there is no description.
#[must_use]
pub const fn joined<const N: usize>(description: &str, part: &str) -> [u8; N] {
    let mut joined = [0; N];
    let mut length = 0;
    let mut texts: &[&[u8]] = &[sentence(description.as_bytes()), SEPARATOR, part.as_bytes()];
    while let [text, others @ ..] = texts {
        texts = others;
        let mut rest = *text;
        while let [byte, after @ ..] = rest
            && length < N
        {
            rest = after;
            joined[length] = *byte;
            length += 1;
        }
    }
    joined
}

/// The text that [`joined`] made.
#[must_use]
pub const fn joined_text(joined: &'static [u8]) -> &'static str {
    match core::str::from_utf8(joined) {
        Ok(text) => text,
        Err(_) => "",
    }
}

/// A description without the dot at its end.
const fn sentence(description: &[u8]) -> &[u8] {
    match description {
        [sentence @ .., b'.'] => sentence,
        other => other,
    }
}
