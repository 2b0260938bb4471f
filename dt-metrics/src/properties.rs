//! Java's properties files (Java API, `java.util.Properties.load`), in UTF-8.
//!
//! The crates for this format depend on a regular expression engine and on tables of encodings: a
//! dozen crates for a file of ten lines.

use std::fs::File;
use std::io::{self, Read};
use std::iter::Peekable;
use std::path::Path;
use std::str::Chars;

use secrecy::zeroize::Zeroizing;

/// Keys and values.
pub(crate) type Entries = Vec<(String, String)>;

/// The most bytes of a file. A real file has a few lines.
pub(crate) const MAX_BYTES: usize = 64 * 1024;

/// The text of a small file, wiped from memory when it is dropped: it may contain a token. Bytes
/// that are not UTF-8 become U+FFFD, so that they make their line malformed but not the whole file.
pub(crate) fn read(file: File) -> io::Result<Zeroizing<String>> {
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    // With the full capacity from the start: growing would leave a copy in memory.
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

/// The entries of the small file at `path` in their order. Malformed lines are ignored.
pub(crate) fn read_entries(path: &Path) -> io::Result<Entries> {
    read_entries_of(File::open(path)?, path)
}

/// The entries of an open file, which was opened at `path`.
pub(crate) fn read_entries_of(file: File, path: &Path) -> io::Result<Entries> {
    let text = read(file)?;
    let (entries, malformed) = parse(text.trim_start_matches('\u{feff}'));
    if malformed > 0 {
        tracing::debug!(
            target: "dt_metrics",
            malformed,
            path = %path.display(),
            "ignoring malformed lines of this file"
        );
    }
    Ok(entries)
}

/// The entries in their order, and the number of malformed lines.
fn parse(text: &str) -> (Entries, usize) {
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
    // Java takes a key alone for an entry, but a reader would call it a broken line.
    (separated || !value.is_empty()).then_some((key, value))
}

/// The text before the end of the line or the first character for which `ends` is true; `None` if
/// it is malformed.
fn part(chars: &mut Peekable<Chars<'_>>, ends: impl Fn(char) -> bool) -> Option<String> {
    // UTF-16, since an escape is a unit of it: two of them make one character outside its first plane.
    let mut units = Zeroizing::new(Vec::new());
    let mut is_valid = true;
    while let Some(mut c) = chars.next_if(|c| !is_line_end(*c) && !ends(*c)) {
        if c == '\\' {
            c = match chars.next() {
                None => continue,
                Some(end) if is_line_end(end) => {
                    if end == '\r' {
                        chars.next_if_eq(&'\n');
                    }
                    skip_while(chars, is_blank);
                    continue;
                }
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('f') => '\u{c}',
                Some('u') => {
                    let unit = unit(chars);
                    is_valid &= unit.is_some();
                    units.extend(unit);
                    continue;
                }
                Some(other) => other,
            };
        } else {
            is_valid &= c != char::REPLACEMENT_CHARACTER;
        }
        units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
    }
    String::from_utf16(&units).ok().filter(|_| is_valid)
}

/// The digits of the escape `\uXXXX`.
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

#[cfg(test)]
mod tests;
