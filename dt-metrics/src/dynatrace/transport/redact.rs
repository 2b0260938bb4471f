//! Removes secrets from texts that come from elsewhere: a server may repeat a request in its answer.

use std::cmp::Reverse;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

/// Stands in place of a secret.
const REDACTED: &str = "<token>";

/// Stands in place of a text that contains a part of a secret, or one that is escaped.
const WITHHELD: &str = "<withheld: it contains the token>";

/// The shortest text that is looked for in escaped form or as a part of a secret: shorter ones
/// match by chance.
const MIN_LENGTH: usize = 12;

/// How many layers of escapes are removed: an answer that is quoted in another answer has its
/// escapes escaped.
const MAX_LAYERS: usize = 3;

/// The characters of a text that is shown.
const SHOWN_CHARS: usize = 200;

/// The secrets of one configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct Redactor {
    /// Replaced where they occur literally. The longest come first, so that a part is not replaced
    /// inside a whole one.
    secrets: Vec<SecretString>,
    /// A text that contains one of them once it is unescaped and normalized is withheld.
    fragments: Vec<SecretString>,
}

impl Redactor {
    pub(crate) fn new(secrets: impl IntoIterator<Item = SecretString>) -> Self {
        let mut redactor = Self::default();
        for secret in secrets {
            let whole = secret.expose_secret().trim();
            redactor.add(whole);
            // `dt0c01.<public part>.<secret part>`: whoever has the last part has the secret.
            if let Some((_, part)) = whole.rsplit_once('.')
                && part.len() >= MIN_LENGTH
            {
                redactor.add(part);
            }
        }
        redactor
            .secrets
            .sort_by_key(|secret| Reverse(secret.expose_secret().len()));
        redactor
    }

    fn add(&mut self, secret: &str) {
        if secret.is_empty() {
            return;
        }
        self.secrets.push(secret.into());
        let normalized = normalized(secret);
        // Half of a secret shows that it was cut short. The first half of a whole token is public,
        // and its secret part is added separately.
        let half = normalized.len() / 2;
        if half >= MIN_LENGTH && !secret.contains('.') && normalized.is_char_boundary(half) {
            let (first, second) = normalized.split_at(half);
            self.fragments.extend([first.into(), second.into()]);
        } else if normalized.len() >= MIN_LENGTH {
            self.fragments.push(normalized.as_str().into());
        }
    }

    /// Returns the text without any of the secrets.
    pub(crate) fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            text = text.replace(secret.expose_secret(), REDACTED);
        }
        if self.has_fragment(&text) {
            return WITHHELD.into();
        }
        text
    }

    /// Whether a fragment of a secret is in the text, as it stands or escaped.
    fn has_fragment(&self, text: &str) -> bool {
        if self.fragments.is_empty() {
            return false;
        }
        let mut text = Zeroizing::new(text.to_owned());
        for _ in 0..MAX_LAYERS {
            let searched = normalized(&text);
            let mut fragments = self.fragments.iter().map(ExposeSecret::expose_secret);
            if fragments.any(|fragment| searched.contains(fragment)) {
                return true;
            }
            let unescaped = Zeroizing::new(unescaped(&text));
            if unescaped == text {
                return false;
            }
            text = unescaped;
        }
        // An honest message does not have that many layers of escapes.
        true
    }
}

/// Lower case, and without white space and control characters, which may break up a long secret.
fn normalized(text: &str) -> Zeroizing<String> {
    let kept = text
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control());
    Zeroizing::new(kept.map(|c| c.to_ascii_lowercase()).collect())
}

/// Removes one layer of escapes as in URLs (`%2E`) and in JSON (`\u002e`, `\/`).
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['%', '\\']) {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let (c, length) = match (code(rest, "%", 2), code(rest, "\\u", 4)) {
            (Some(c), _) => (Some(c), 3),
            (_, Some(c)) => (Some(c), 6),
            _ => (rest.starts_with('%').then_some('%'), 1),
        };
        plain.extend(c);
        rest = &rest[length..];
    }
    plain.push_str(rest);
    plain
}

/// The character that `text` begins with as `prefix` and a number of hexadecimal digits.
fn code(text: &str, prefix: &str, digits: usize) -> Option<char> {
    let digits = text.strip_prefix(prefix)?.get(..digits)?;
    char::from_u32(u32::from_str_radix(digits, 16).ok()?)
}

/// The beginning of a text, on one line and without unreadable characters.
pub(super) fn shorten(text: &str) -> String {
    let readable: String = text
        .chars()
        .map(|c| match c {
            char::REPLACEMENT_CHARACTER => ' ',
            c if c.is_control() => ' ',
            c => c,
        })
        .collect();
    let readable = readable.trim();
    match readable.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &readable[..end]),
        None => readable.to_owned(),
    }
}

#[cfg(test)]
mod tests;
