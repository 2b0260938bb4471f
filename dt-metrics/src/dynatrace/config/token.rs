//! The token, which is never printed and is wiped from memory when it is dropped.

use reqwest::header::HeaderValue;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

const SCHEME: &str = "Api-Token ";

/// A token that can be sent in a header.
#[derive(Clone, Debug)]
pub(crate) struct Token(SecretString);

impl Token {
    /// Removes the white space around a token, which files and secret stores add. The error completes
    /// "the token …".
    pub(super) fn new(text: &SecretString) -> Result<Self, &'static str> {
        let token = text.expose_secret().trim();
        if token.is_empty() {
            return Err("is empty");
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("contains a character that no token has, such as a space or a line break");
        }
        if token.starts_with("http://") || token.starts_with("https://") {
            return Err("is a URL: the endpoint and the token may be swapped");
        }
        Ok(Self(token.into()))
    }

    /// The value of the `Authorization` header. It is made for each request, so that no copy stays in
    /// memory.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let token = self.0.expose_secret();
        let mut text = Zeroizing::new(String::with_capacity(SCHEME.len() + token.len()));
        text.push_str(SCHEME);
        text.push_str(token);
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// The text to keep out of messages.
    pub(crate) fn secret(&self) -> SecretString {
        self.0.clone()
    }
}

/// Whether the text contains the beginning of any token of Dynatrace, as in `dt0c01.`.
pub(super) fn looks_like_a_token(text: &str) -> bool {
    text.match_indices("dt0").any(|(start, _)| {
        let rest = &text.as_bytes()[start + 3..];
        matches!(rest, [kind, a, b, b'.', ..]
            if kind.is_ascii_lowercase() && a.is_ascii_digit() && b.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests;
