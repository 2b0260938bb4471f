//! The token: kept where it cannot be printed, wiped from memory afterwards.

use reqwest::header::HeaderValue;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

const SCHEME: &str = "Api-Token ";

/// A token that can be sent in a header.
#[derive(Clone, Debug)]
pub(crate) struct Token(SecretString);

impl Token {
    /// Surrounding white space, as files and secret stores add it, is not part of a token.
    ///
    /// On an error, says what is wrong.
    pub(crate) fn new(text: &SecretString) -> Result<Self, &'static str> {
        let token = text.expose_secret().trim();
        if token.is_empty() {
            return Err("is empty");
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("contains a character that no token has, such as a space or a line break");
        }
        if token.starts_with("http://") || token.starts_with("https://") {
            return Err("is a URL: endpoint and token may have changed places");
        }
        Ok(Self(token.into()))
    }

    /// The value of the `Authorization` header, made for each request so that no copy stays.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let token = self.0.expose_secret();
        let mut text = Zeroizing::new(String::with_capacity(SCHEME.len() + token.len()));
        text.push_str(SCHEME);
        text.push_str(token);
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// What must not be shown.
    pub(crate) fn secret(&self) -> SecretString {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests;
