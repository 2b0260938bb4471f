//! Reads numbers more strictly than Rust's own parser: `inf`, `nan`, `+1`, `.5` and `5.` are not
//! numbers of the protocol.

use super::error::{ErrorKind, LineError, Part};
use super::scanner::Scanner;

const ENDS: [char; 2] = [',', ' '];

/// Reads a finite decimal number: `-? digits (. digits)? ([eE] [+-]? digits)?`
pub(super) fn float(scanner: &mut Scanner<'_>) -> Result<f64, LineError> {
    let start = scanner.offset();
    scanner.eat("-");
    digits(scanner, Part::Number)?;
    if scanner.eat(".") {
        digits(scanner, Part::Number)?;
    }
    if scanner.eat("e") || scanner.eat("E") {
        if !scanner.eat("+") {
            scanner.eat("-");
        }
        digits(scanner, Part::Number)?;
    }
    end(scanner, Part::Number, &ENDS)?;
    match scanner.since(start).parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err(scanner.error_at(start, ErrorKind::NumberRange)),
    }
}

/// Reads a non-negative integer.
pub(super) fn count(scanner: &mut Scanner<'_>) -> Result<u64, LineError> {
    let start = scanner.offset();
    digits(scanner, Part::Count)?;
    end(scanner, Part::Count, &ENDS)?;
    let digits = scanner.since(start).parse();
    digits.map_err(|_| scanner.error_at(start, ErrorKind::Count))
}

/// Reads a timestamp in milliseconds, after which the line ends.
pub(super) fn milliseconds(scanner: &mut Scanner<'_>) -> Result<i64, LineError> {
    let start = scanner.offset();
    digits(scanner, Part::Timestamp)?;
    end(scanner, Part::Timestamp, &[])?;
    let digits = scanner.since(start).parse();
    digits.map_err(|_| scanner.error_at(start, ErrorKind::Timestamp))
}

/// Steps over one or more digits.
fn digits(scanner: &mut Scanner<'_>, part: Part) -> Result<(), LineError> {
    let start = scanner.offset();
    while scanner.peek().is_some_and(|c| c.is_ascii_digit()) {
        scanner.next();
    }
    match scanner.peek() {
        _ if scanner.offset() > start => Ok(()),
        None => Err(scanner.error(ErrorKind::Missing(part))),
        Some(found) if ENDS.contains(&found) => Err(scanner.error(ErrorKind::Missing(part))),
        Some(found) => Err(unexpected(scanner, part, found)),
    }
}

/// Checks that a number ends here: at one of `ends`, or with the line.
fn end(scanner: &Scanner<'_>, part: Part, ends: &[char]) -> Result<(), LineError> {
    match scanner.peek() {
        Some(found) if !ends.contains(&found) => Err(unexpected(scanner, part, found)),
        _ => Ok(()),
    }
}

fn unexpected(scanner: &Scanner<'_>, part: Part, found: char) -> LineError {
    let kind = if found.is_whitespace() {
        ErrorKind::Separator(found)
    } else {
        ErrorKind::Unexpected { part, found }
    };
    scanner.error(kind)
}
