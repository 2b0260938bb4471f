//! Texts from elsewhere, without the secrets of this program: a server may send back what it got,
//! and a proxy may show it in some other spelling.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use std::borrow::Cow;
use std::fmt::Write as _;

/// What stands in a text in place of a secret.
const REDACTED: &str = "<token>";

/// What stands in place of a text that has a secret in another spelling.
const WITHHELD: &str = "<withheld: it contains the token>";

/// The shortest secret that is looked for in other spellings, and of which a part is looked for:
/// shorter ones would match by chance.
const MIN_SECRET: usize = 12;

/// How often a text is spelled anew: an answer in an answer has its escapes escaped.
const DEPTH: usize = 3;

/// Knows what must not be shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scrubber {
    /// Longest first, so that a part does not spoil the whole.
    secrets: Vec<SecretString>,
}

impl Scrubber {
    pub(crate) fn new(secrets: impl IntoIterator<Item = SecretString>) -> Self {
        let mut all: Vec<SecretString> = Vec::new();
        for secret in secrets {
            // `dt0c01.<public part>.<secret part>`: the last one by itself is as good as all of it.
            let part = secret
                .expose_secret()
                .rsplit_once('.')
                .filter(|(_, part)| part.len() >= MIN_SECRET)
                .map(|(_, part)| part.into());
            all.extend(part);
            all.push(secret);
        }
        all.retain(|secret| !secret.expose_secret().is_empty());
        all.sort_by_key(|secret| std::cmp::Reverse(secret.expose_secret().len()));
        Self { secrets: all }
    }

    /// The text without any of the secrets.
    pub(crate) fn scrub(&self, text: &str) -> String {
        let mut text = Cow::Borrowed(text);
        for secret in &self.secrets {
            let secret = secret.expose_secret();
            if text.contains(secret) {
                text = text.replace(secret, REDACTED).into();
            }
        }
        if self.is_spelled_in(&text) {
            return WITHHELD.into();
        }
        text.into_owned()
    }

    /// Whether a secret is there in another spelling.
    fn is_spelled_in(&self, text: &str) -> bool {
        let secrets = self.secrets.iter().map(ExposeSecret::expose_secret);
        let secrets: Vec<_> = secrets
            .filter(|secret| secret.len() >= MIN_SECRET)
            .collect();
        if secrets.is_empty() {
            return false;
        }
        let mut text = Zeroizing::new(text.to_owned());
        for _ in 0..DEPTH {
            let seen = Zeroizing::new(squeezed(&text));
            if secrets
                .iter()
                .any(|secret| is_in(&seen, secret) || halves_are_in(&seen, secret))
            {
                return true;
            }
            let plainer = Zeroizing::new(unescaped(&text));
            if plainer == text {
                return false;
            }
            text = plainer;
        }
        // Nobody wraps an honest message so often.
        true
    }
}

/// Whether a half of the secret is there: of a token cut short. The first half of a whole token
/// is no secret, and what is secret of it is looked for by itself.
fn halves_are_in(squeezed: &str, secret: &str) -> bool {
    let half = secret.len() / 2;
    !secret.contains('.')
        && half >= MIN_SECRET
        && secret.is_char_boundary(half)
        && (is_in(squeezed, &secret[..half]) || is_in(squeezed, &secret[half..]))
}

/// Whether the secret is in the text whatever its case, or encoded.
fn is_in(squeezed: &str, secret: &str) -> bool {
    let plain = Zeroizing::new(squeeze_base64(secret));
    if squeezed.contains(plain.as_str()) {
        return true;
    }
    let mut hex = Zeroizing::new(String::with_capacity(2 * secret.len()));
    for byte in secret.bytes() {
        // Writing to a `String` cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    if squeezed.contains(hex.as_str()) {
        return true;
    }
    // Base64 spells a text in three ways, by the place where it begins. The ends depend on the
    // neighbours and are left out.
    (0..3).any(|offset| {
        let mut bytes = Zeroizing::new(vec![0; offset]);
        bytes.extend_from_slice(secret.as_bytes());
        let whole = bytes.len() / 3 * 3;
        let text = Zeroizing::new(STANDARD_NO_PAD.encode(&bytes[..whole]));
        let begin = if offset == 0 { 0 } else { 4 };
        let text = Zeroizing::new(squeeze_base64(&text[begin..]));
        squeezed.contains(text.as_str())
    })
}

/// In lower case, without what a secret is broken up with, and with one alphabet of base64.
fn squeezed(text: &str) -> String {
    let kept = text
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control());
    squeeze_base64(&kept.collect::<String>())
}

fn squeeze_base64(text: &str) -> String {
    text.replace('+', "-")
        .replace('/', "_")
        .to_ascii_lowercase()
}

/// One layer of escapes less: those of URLs (`%2E`), of JSON (`\u002e`, `\/`), of HTML (`&#46;`).
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['%', '\\', '&']) {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let (c, length) = escape(rest).unwrap_or((rest.chars().next(), 1));
        plain.extend(c);
        rest = &rest[length..];
    }
    plain.push_str(rest);
    plain
}

/// The character of the escape that begins here, and the length of the escape.
fn escape(text: &str) -> Option<(Option<char>, usize)> {
    let code = |digits: &str, radix| char::from_u32(u32::from_str_radix(digits, radix).ok()?);
    if let Some(digits) = text.strip_prefix('%') {
        return Some((Some(code(digits.get(..2)?, 16)?), 3));
    }
    if let Some(digits) = text
        .strip_prefix("\\u")
        .or_else(|| text.strip_prefix("\\x"))
    {
        let length = if text.starts_with("\\u") { 4 } else { 2 };
        return Some((Some(code(digits.get(..length)?, 16)?), 2 + length));
    }
    if text.starts_with('\\') {
        return Some((None, 1));
    }
    let end = text.find(';').filter(|&end| end < 10)?;
    let number = text[..end].strip_prefix("&#")?;
    let c = match number.strip_prefix(['x', 'X']) {
        Some(digits) => code(digits, 16),
        None => code(number, 10),
    };
    Some((Some(c?), end + 1))
}

/// How much of a text from elsewhere is shown.
const SHOWN_CHARS: usize = 200;

/// The beginning of a text from elsewhere, on one line.
pub(crate) fn shorten(text: &str) -> String {
    let mut chars = text.trim().chars();
    let mut short: String = chars
        .by_ref()
        .take(SHOWN_CHARS)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if chars.next().is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests;
