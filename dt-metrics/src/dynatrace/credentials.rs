//! The token: kept where it cannot be printed, wiped from memory afterwards.

use reqwest::header::HeaderValue;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

const SCHEME: &str = "Api-Token ";

/// What stands in a text in place of the token.
const REDACTED: &str = "<token>";

/// The shortest secret part that is looked for by itself: shorter ones would match by chance.
const MIN_SECRET_PART: usize = 12;

/// A token that can be sent in a header.
#[derive(Clone, Debug)]
pub(super) struct Token(SecretString);

impl Token {
    /// Surrounding white space, as files and secret stores add it, is not part of a token.
    ///
    /// On an error, says what is wrong.
    pub(super) fn new(text: &SecretString) -> Result<Self, &'static str> {
        let token = text.expose_secret().trim();
        if token.is_empty() {
            return Err("is empty");
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("contains a character that no token has, such as a space or a line break");
        }
        Ok(Self(token.into()))
    }

    /// The value of the `Authorization` header, made for each request so that no copy stays.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        let token = self.0.expose_secret();
        let mut text = Zeroizing::new(String::with_capacity(SCHEME.len() + token.len()));
        text.push_str(SCHEME);
        text.push_str(token);
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// A text from elsewhere, without the token in it: a server may send back what it got.
    pub(super) fn scrub(&self, text: String) -> String {
        let token = self.0.expose_secret();
        let mut text = replace(text, token);
        // `dt0c01.<public part>.<secret part>`: the last one by itself is as good as all of it.
        if let Some((_, secret)) = token.rsplit_once('.')
            && secret.len() >= MIN_SECRET_PART
        {
            text = replace(text, secret);
        }
        text
    }
}

fn replace(text: String, secret: &str) -> String {
    if text.contains(secret) {
        text.replace(secret, REDACTED)
    } else {
        text
    }
}

#[cfg(test)]
mod tests;
