//! Removes secrets from texts that come from elsewhere: a server may repeat a request in its answer.

use std::cmp::Reverse;

use percent_encoding::percent_decode_str;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use crate::dynatrace::text::{is_printable, printable};

/// Stands in place of a secret.
const REDACTED: &str = "<secret>";

/// Stands in place of a text that contains a part of a secret, or a secret that is escaped.
const WITHHELD: &str = "<withheld: it contains a secret>";

/// No run of this many characters of a secret is shown. Shorter ones match by chance.
const MAX_SHOWN: usize = 12;

/// The shortest secret that is looked for in other spellings than its own.
const MIN_LENGTH: usize = 6;

/// How many layers of escapes are removed: an answer that is quoted in another answer has its
/// escapes escaped.
const MAX_LAYERS: usize = 3;

/// The characters of a text that is shown.
const SHOWN_CHARS: usize = 200;

/// The bytes of a text that are read to find the beginning that is shown. A part of a secret at their
/// end is found as well.
const READ_BYTES: usize = 16 * 1024;

/// The secrets of one configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct Redactor {
    /// Replaced where they occur literally. The longest come first, so that a part is not replaced
    /// inside a whole one.
    secrets: Vec<SecretString>,
    /// A text is withheld if a run of characters of one of them is in it, once the text is unescaped
    /// and normalized. Normalized themselves.
    normalized: Vec<SecretString>,
}

impl Redactor {
    pub(crate) fn new(secrets: impl IntoIterator<Item = SecretString>) -> Self {
        let mut redactor = Self::default();
        for secret in secrets {
            let whole = secret.expose_secret().trim();
            redactor.add(whole);
            // `dt0c01.<public part>.<secret part>`: each of them may occur alone.
            if let Some((public, part)) = whole.rsplit_once('.')
                && part.len() >= MAX_SHOWN
            {
                redactor.add(part);
                if public.len() >= MAX_SHOWN {
                    redactor.add(public);
                }
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
        if normalized.len() >= MIN_LENGTH {
            self.normalized.push(normalized.as_str().into());
        }
    }

    /// Returns the beginning of the text, on one line and redacted.
    pub(crate) fn quote(&self, text: &str) -> String {
        let mut ends = (0..=READ_BYTES.min(text.len())).rev();
        let end = ends.find(|&end| text.is_char_boundary(end));
        // In this order, since a secret that is cut short may not be recognised.
        shorten(&self.redact(&text[..end.unwrap_or_default()]))
    }

    /// Returns the text without any of the secrets, and without any run of their characters that is
    /// long enough to recognize.
    pub(crate) fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            text = text.replace(secret.expose_secret(), REDACTED);
        }
        if self.has_part(&text) {
            return WITHHELD.into();
        }
        text
    }

    /// Whether a part of a secret is in the text, as it stands or escaped.
    fn has_part(&self, text: &str) -> bool {
        let mut text = Zeroizing::new(text.to_owned());
        for _ in 0..MAX_LAYERS {
            let searched = normalized(&text);
            let mut secrets = self.normalized.iter().map(ExposeSecret::expose_secret);
            if secrets.any(|secret| have_run_in_common(secret, &searched)) {
                return true;
            }
            let unescaped = Zeroizing::new(unescaped(&text));
            if unescaped == text {
                return false;
            }
            text = unescaped;
        }
        // An honest message does not have that many layers of escapes.
        !self.normalized.is_empty()
    }
}

/// Whether a run of [`MAX_SHOWN`] bytes of the secret is in the text, or the whole secret if it is
/// shorter.
fn have_run_in_common(secret: &str, text: &str) -> bool {
    let run = MAX_SHOWN.min(secret.len());
    // Whichever run it is, it contains one of these blocks as a whole, so only the surroundings of
    // blocks are compared.
    let block = run / 2;
    let (secret, text) = (secret.as_bytes(), text.as_bytes());
    let starts = (0..=secret.len() - block).step_by(block);
    starts.into_iter().any(|start| {
        let (before, rest) = secret.split_at(start);
        let (wanted, after) = rest.split_at(block);
        occurrences(text, wanted).any(|at| {
            let same = |(a, b): &(&u8, &u8)| a == b;
            let left = before.iter().rev().zip(text[..at].iter().rev());
            let right = after.iter().zip(&text[at + block..]);
            block + left.take_while(same).count() + right.take_while(same).count() >= run
        })
    })
}

/// Where `wanted` begins in the text, overlaps included.
fn occurrences<'t>(text: &'t [u8], wanted: &'t [u8]) -> impl Iterator<Item = usize> + 't {
    let first = wanted.first().copied();
    let starts = text.iter().enumerate();
    starts.filter_map(move |(at, byte)| {
        (Some(*byte) == first && text[at..].starts_with(wanted)).then_some(at)
    })
}

/// Lower case, and without white space and unprintable characters, which may break up a secret.
fn normalized(text: &str) -> Zeroizing<String> {
    let kept = text
        .chars()
        .filter(|&c| !c.is_whitespace() && is_printable(c));
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

/// The beginning of a text, on one line and without unprintable characters.
pub(crate) fn shorten(text: &str) -> String {
    let shown = printable(text);
    let shown = shown.trim();
    match shown.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &shown[..end]),
        None => shown.to_owned(),
    }
}

#[cfg(test)]
mod tests;
