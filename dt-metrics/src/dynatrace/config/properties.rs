//! Java's properties files (Java API, `java.util.Properties.load`), in UTF-8.
//!
//! The crates for this format bring a regular expression engine and a table of encodings with
//! them, a dozen crates for a file of ten lines.

use secrecy::zeroize::Zeroizing;
use std::fs::File;
use std::io::{self, Read};
use std::iter::Peekable;
use std::path::Path;
use std::str::Chars;

/// Keys and values.
type Entries = Vec<(String, String)>;

/// The entries of a file in their order, and how many lines are none.
pub(crate) fn parse(text: &str) -> (Entries, usize) {
    let mut entries = Entries::new();
    let mut malformed = 0;
    let mut chars = text.chars().peekable();
    while chars.peek().is_some() {
        skip_while(&mut chars, |c| is_blank(c) || is_line_end(c));
        match chars.peek() {
            None => break,
            Some('#' | '!') => skip_while(&mut chars, |c| !is_line_end(c)),
            Some(_) => match entry(&mut chars) {
                Some(entry) => entries.push(entry),
                None => malformed += 1,
            },
        }
    }
    (entries, malformed)
}

/// The entry on the line that begins here, up to its end.
fn entry(chars: &mut Peekable<Chars<'_>>) -> Option<(String, String)> {
    let key = part(chars, |c| is_blank(c) || c == '=' || c == ':');
    skip_while(chars, is_blank);
    let separated = chars.next_if(|c| matches!(c, '=' | ':')).is_some();
    skip_while(chars, is_blank);
    let value = part(chars, |_| false);
    let (key, value) = (key?, value?);
    // A key alone is an entry to Java, but a broken line to anybody who looks at it.
    (separated || !value.is_empty()).then_some((key, value))
}

/// What is written before the line ends or `ends` says so; `None` if it cannot be read.
fn part(chars: &mut Peekable<Chars<'_>>, ends: impl Fn(char) -> bool) -> Option<String> {
    let mut text = String::new();
    let mut readable = true;
    while let Some(c) = chars.next_if(|c| !is_line_end(*c) && !ends(*c)) {
        match c {
            '\\' => readable &= escape(chars, &mut text),
            char::REPLACEMENT_CHARACTER => readable = false,
            other => text.push(other),
        }
    }
    readable.then_some(text)
}

/// Appends what the escape that begins here stands for; `false` if for nothing.
fn escape(chars: &mut Peekable<Chars<'_>>, text: &mut String) -> bool {
    let c = match chars.next() {
        None => return true,
        Some(end) if is_line_end(end) => {
            if end == '\r' {
                chars.next_if_eq(&'\n');
            }
            skip_while(chars, is_blank);
            return true;
        }
        Some('t') => '\t',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('f') => '\u{c}',
        Some('u') => match unicode(chars) {
            Some(c) => c,
            None => return false,
        },
        Some(other) => other,
    };
    text.push(c);
    true
}

/// The character that is written as `uXXXX`, or as two of these.
fn unicode(chars: &mut Peekable<Chars<'_>>) -> Option<char> {
    let first = unit(chars)?;
    if let Some(c) = char::from_u32(first.into()) {
        return Some(c);
    }
    chars.next_if_eq(&'\\')?;
    chars.next_if_eq(&'u')?;
    let second = unit(chars)?;
    char::decode_utf16([first, second]).next()?.ok()
}

fn unit(chars: &mut Peekable<Chars<'_>>) -> Option<u16> {
    (0..4).try_fold(0, |unit, _| {
        let digit = chars.next_if(char::is_ascii_hexdigit)?.to_digit(16)?;
        Some(unit << 4 | u16::try_from(digit).ok()?)
    })
}

fn skip_while(chars: &mut Peekable<Chars<'_>>, skipped: impl Fn(char) -> bool) {
    while chars.next_if(|c| skipped(*c)).is_some() {}
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{c}')
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r')
}

// ===== from files: //! Small files that somebody else writes: bounded, and never waited for.
/// The most of a file that is read. A real one has a few lines.
pub(crate) const MAX_BYTES: usize = 64 * 1024;

/// The text of a small file, wiped afterwards: it may hold a token. What is not UTF-8 becomes
/// U+FFFD, so that it costs its line and not the whole file.
pub(crate) fn read(path: &Path) -> io::Result<Zeroizing<String>> {
    let file = File::open(path)?;
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    // With its full size from the start, so that growing leaves no copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.min(MAX_BYTES) + 1));
    let bound = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    file.take(bound + 1).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "it is longer than 64 KiB",
        ));
    }
    Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
}

#[cfg(test)]
mod tests;
