//! The token, which is never printed and is wiped from memory when it is dropped.

use reqwest::header::HeaderValue;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use crate::dynatrace::config::unquoted::unquoted;

/// The beginnings of tokens (Dynatrace documentation, "Access tokens" and "Platform tokens").
const ACCESS: &str = "dt0c01.";
const PLATFORM: &str = "dt0s16.";

/// Text that is often copied together with a token, in this order.
const HEADER: &str = "authorization:";
const API_TOKEN: &str = "api-token";
const BEARER: &str = "bearer";

/// A token that can be sent in a header.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    text: SecretString,
    /// Whether it was given as a bearer token, which decides if its kind is unknown.
    is_bearer: bool,
}

/// The kind of a token, by its beginning.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TokenKind {
    Access,
    Platform,
    Unknown,
}

impl TokenKind {
    /// Completes "the token is …".
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Access => "a classic access token (dt0c01)",
            Self::Platform => "a platform token (dt0s16)",
            Self::Unknown => "of an unknown kind",
        }
    }
}

impl Token {
    /// Removes everything around a token that files, secret stores and people add: white space,
    /// quotes, and the scheme of the header. The error completes "the token …".
    pub(super) fn new(text: &SecretString) -> Result<Self, &'static str> {
        let token = unquoted(text.expose_secret()).unwrap_or_default();
        let token = without_prefix(token, HEADER).unwrap_or(token).trim();
        let bearer = scheme(token, BEARER);
        let token = bearer.or_else(|| scheme(token, API_TOKEN)).unwrap_or(token);
        let token = unquoted(token).unwrap_or_default();
        if token.is_empty() {
            return Err("is empty");
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("contains a character that no token has, such as a space or a line break");
        }
        if token.starts_with("http://") || token.starts_with("https://") {
            return Err("is a URL: the endpoint and the token may be swapped");
        }
        Ok(Self {
            text: token.into(),
            is_bearer: bearer.is_some(),
        })
    }

    pub(crate) fn kind(&self) -> TokenKind {
        let token = self.text.expose_secret();
        if token.starts_with(ACCESS) {
            TokenKind::Access
        } else if token.starts_with(PLATFORM) {
            TokenKind::Platform
        } else {
            TokenKind::Unknown
        }
    }

    /// The value of the `Authorization` header. It is made for each request, so that no copy stays in
    /// memory.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let scheme = match self.kind() {
            TokenKind::Platform => "Bearer ",
            TokenKind::Unknown if self.is_bearer => "Bearer ",
            TokenKind::Access | TokenKind::Unknown => "Api-Token ",
        };
        let token = self.text.expose_secret();
        let mut text = Zeroizing::new(String::with_capacity(scheme.len() + token.len()));
        text.push_str(scheme);
        text.push_str(token);
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// The text to keep out of messages.
    pub(crate) fn secret(&self) -> SecretString {
        self.text.clone()
    }
}

/// The text after a prefix, which is compared case-insensitively.
fn without_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// The text after the scheme of a header. A colon after it is a mistake that people make.
fn scheme<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let rest = without_prefix(text, scheme)?;
    let is_scheme = rest.is_empty() || rest.starts_with(|c: char| c == ':' || c.is_whitespace());
    is_scheme.then(|| rest.strip_prefix(':').unwrap_or(rest))
}

/// Whether the text contains the beginning of any token of Dynatrace, as in `dt0c01.`, in any case.
pub(crate) fn looks_like_a_token(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.match_indices("dt0").any(|(start, _)| {
        let rest = &text.as_bytes()[start + 3..];
        matches!(rest, [kind, a, b, b'.', ..]
            if kind.is_ascii_lowercase() && a.is_ascii_digit() && b.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests;
