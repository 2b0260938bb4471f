//! Removes secrets from texts that come from elsewhere: a server may repeat a request in its answer.

use std::cmp::Reverse;

use percent_encoding::percent_decode_str;
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
        let secrets = &mut redactor.secrets;
        secrets.sort_by_key(|secret| Reverse(secret.expose_secret().len()));
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
        let is_halved = half >= MIN_LENGTH && !secret.contains('.');
        match normalized.split_at_checked(half) {
            Some((first, second)) if is_halved => {
                self.fragments.extend([first.into(), second.into()]);
            }
            _ if normalized.len() < MIN_LENGTH => {}
            _ => self.fragments.push(normalized.as_str().into()),
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
        !self.fragments.is_empty()
    }
}

/// Lower case, and without white space and control characters, which may break up a long secret.
fn normalized(text: &str) -> Zeroizing<String> {
    let kept = text
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control());
    Zeroizing::new(kept.map(|c| c.to_ascii_lowercase()).collect())
}

/// Removes one layer of escapes as in JSON (`\u002e`, `\/`) and in URLs (`%2E`).
fn unescaped(text: &str) -> String {
    let mut parts = text.split('\\');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let c = part.strip_prefix('u').and_then(|rest| rest.get(..4));
        let c = c.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let c = c.and_then(char::from_u32);
        plain.extend(c);
        plain.push_str(if c.is_some() { &part[5..] } else { part });
    }
    percent_decode_str(&plain).decode_utf8_lossy().into_owned()
}

/// The beginning of a text, on one line and without unreadable characters.
pub(crate) fn shorten(text: &str) -> String {
    let is_readable = |c: char| !c.is_control() && c != char::REPLACEMENT_CHARACTER;
    let readable = text.chars().map(|c| if is_readable(c) { c } else { ' ' });
    let readable: String = readable.collect();
    let readable = readable.trim();
    match readable.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &readable[..end]),
        None => readable.to_owned(),
    }
}

#[cfg(test)]
mod tests;
