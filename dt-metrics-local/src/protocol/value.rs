//! Values of dimensions and of metadata properties, bare or in quotes.

use super::scanner::{Cursor, length};
use super::{ErrorKind, LineError, Part, limits};

/// Reads a dimension's value and decodes it.
pub(super) fn dimension(cursor: &mut Cursor<'_>) -> Result<String, LineError> {
    let start = cursor.offset();
    let value = read(cursor, Part::DimensionValue)?;
    check_length(
        cursor,
        start,
        Part::DimensionValue,
        length(cursor.since(start)),
        limits::DIMENSION_VALUE,
    )?;
    Ok(value)
}

/// Reads a metadata property's value and decodes it. Its limit holds for the decoded text.
pub(super) fn property(
    cursor: &mut Cursor<'_>,
    part: Part,
    limit: usize,
) -> Result<String, LineError> {
    let start = cursor.offset();
    let value = read(cursor, part)?;
    check_length(cursor, start, part, length(&value), limit)?;
    Ok(value)
}

fn check_length(
    cursor: &Cursor<'_>,
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
        return Err(cursor.error_at(start, kind));
    }
    Ok(())
}

fn read(cursor: &mut Cursor<'_>, part: Part) -> Result<String, LineError> {
    let start = cursor.offset();
    let value = if cursor.eat("\"") {
        quoted(cursor, part)?
    } else {
        bare(cursor, part)?
    };
    if value.is_empty() {
        return Err(cursor.error_at(start, ErrorKind::Missing(part)));
    }
    Ok(value)
}

/// Reads up to an unescaped comma or space.
fn bare(cursor: &mut Cursor<'_>, part: Part) -> Result<String, LineError> {
    let mut value = String::new();
    while let Some(found) = cursor.peek() {
        let offset = cursor.offset();
        if matches!(found, ',' | ' ') {
            break;
        }
        cursor.next();
        match found {
            '=' | '"' => return Err(cursor.error_at(offset, ErrorKind::Unescaped(found))),
            '\\' => match cursor.next() {
                Some(escaped @ (',' | '=' | ' ' | '"' | '\\')) => value.push(escaped),
                _ => return Err(cursor.error_at(offset, ErrorKind::Escape)),
            },
            _ => value.push(allowed(cursor, part, offset, found)?),
        }
    }
    Ok(value)
}

/// Reads up to the closing quote; the opening one is behind the cursor.
fn quoted(cursor: &mut Cursor<'_>, part: Part) -> Result<String, LineError> {
    let mut value = String::new();
    loop {
        let offset = cursor.offset();
        match cursor.next() {
            None => return Err(cursor.error(ErrorKind::UnterminatedQuote)),
            Some('"') => break,
            Some('\\') => match cursor.next() {
                Some(escaped @ ('"' | '\\')) => value.push(escaped),
                // Descriptions may span lines; the wire carries the break as `\n`.
                Some('n') if part != Part::DimensionValue => value.push('\n'),
                _ => return Err(cursor.error_at(offset, ErrorKind::Escape)),
            },
            Some(found) => value.push(allowed(cursor, part, offset, found)?),
        }
    }
    match cursor.peek() {
        None | Some(',' | ' ') => Ok(value),
        Some(_) => Err(cursor.error(ErrorKind::Expected(
            "comma or space after the closing quote",
        ))),
    }
}

fn allowed(cursor: &Cursor<'_>, part: Part, offset: usize, found: char) -> Result<char, LineError> {
    // Line and paragraph separators break a line for readers that follow Unicode.
    if found.is_control() || matches!(found, '\u{2028}' | '\u{2029}') {
        return Err(cursor.error_at(offset, ErrorKind::Character { part, found }));
    }
    Ok(found)
}
