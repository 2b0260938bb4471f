//! Reads values of dimensions and of metadata properties, bare or in quotes.

use super::error::{ErrorKind, LineError, Part};
use super::limits;
use super::scanner::{Scanner, length};

/// Reads the value of a dimension and decodes it; empty if there is none. The limit applies to the
/// text as written.
pub(super) fn dimension(scanner: &mut Scanner<'_>) -> Result<String, LineError> {
    let start = scanner.offset();
    let value = read(scanner, Part::DimensionValue)?;
    check_length(
        scanner,
        start,
        Part::DimensionValue,
        length(scanner.since(start)),
        limits::DIMENSION_VALUE,
    )?;
    Ok(value)
}

/// Reads the value of a metadata property and decodes it. The limit applies to the decoded text.
pub(super) fn property(
    scanner: &mut Scanner<'_>,
    part: Part,
    limit: usize,
) -> Result<String, LineError> {
    let start = scanner.offset();
    let value = read(scanner, part)?;
    if value.is_empty() {
        return Err(scanner.error_at(start, ErrorKind::Missing(part)));
    }
    check_length(scanner, start, part, length(&value), limit)?;
    Ok(value)
}

fn check_length(
    scanner: &Scanner<'_>,
    start: usize,
    part: Part,
    length: usize,
    limit: usize,
) -> Result<(), LineError> {
    if length > limit {
        let kind = ErrorKind::TooLong {
            part,
            length,
            limit,
        };
        return Err(scanner.error_at(start, kind));
    }
    Ok(())
}

fn read(scanner: &mut Scanner<'_>, part: Part) -> Result<String, LineError> {
    if scanner.eat("\"") {
        quoted(scanner, part)
    } else {
        bare(scanner, part)
    }
}

/// Reads up to an unescaped comma or space.
fn bare(scanner: &mut Scanner<'_>, part: Part) -> Result<String, LineError> {
    let mut value = String::new();
    while let Some(found) = scanner.peek() {
        let offset = scanner.offset();
        if matches!(found, ',' | ' ') {
            break;
        }
        scanner.next();
        match found {
            '=' | '"' => return Err(scanner.error_at(offset, ErrorKind::Unescaped(found))),
            '\\' => match scanner.next() {
                Some(escaped @ (',' | '=' | ' ' | '"' | '\\')) => value.push(escaped),
                _ => return Err(scanner.error_at(offset, ErrorKind::Escape)),
            },
            _ => value.push(allowed(scanner, part, offset, found)?),
        }
    }
    Ok(value)
}

/// Reads up to the closing quote, from behind the opening one.
fn quoted(scanner: &mut Scanner<'_>, part: Part) -> Result<String, LineError> {
    let mut value = String::new();
    loop {
        let offset = scanner.offset();
        match scanner.next() {
            None => return Err(scanner.error(ErrorKind::UnterminatedQuote)),
            Some('"') => break,
            Some('\\') => match scanner.next() {
                Some(escaped @ ('"' | '\\')) => value.push(escaped),
                // Descriptions may contain line breaks, written as `\n`.
                Some('n') if part != Part::DimensionValue => value.push('\n'),
                _ => return Err(scanner.error_at(offset, ErrorKind::Escape)),
            },
            Some(found) => value.push(allowed(scanner, part, offset, found)?),
        }
    }
    match scanner.peek() {
        None | Some(',' | ' ') => Ok(value),
        Some(_) => Err(scanner.error(ErrorKind::Expected(
            "comma or space after the closing quote",
        ))),
    }
}

fn allowed(
    scanner: &Scanner<'_>,
    part: Part,
    offset: usize,
    found: char,
) -> Result<char, LineError> {
    // Unicode's line and paragraph separators are line breaks to some readers.
    if found.is_control() || matches!(found, '\u{2028}' | '\u{2029}') {
        return Err(scanner.error_at(offset, ErrorKind::Character { part, found }));
    }
    Ok(found)
}
