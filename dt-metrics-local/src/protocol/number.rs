//! Reads numbers more strictly than Rust's own parser: `inf`, `nan`, `+1`, `.5` and `5.` are not
//! numbers of the protocol.

use super::error::{ErrorKind, LineError};
use super::scanner::Scanner;

const ENDS: [char; 2] = [',', ' '];

/// Reads a finite decimal number.
pub(super) fn float(scanner: &mut Scanner<'_>) -> Result<f64, LineError> {
    let start = scanner.offset();
    let text = scanner.take_until(&ENDS);
    let number = if is_decimal(text) {
        text.parse::<f64>().ok()
    } else {
        None
    };
    match number {
        Some(number) if number.is_finite() => Ok(number),
        Some(_) => Err(scanner.error_at(start, ErrorKind::NumberRange)),
        None => Err(scanner.error_at(start, ErrorKind::Number)),
    }
}

/// Reads a non-negative integer.
pub(super) fn count(scanner: &mut Scanner<'_>) -> Result<u64, LineError> {
    let start = scanner.offset();
    digits(scanner.take_until(&ENDS)).ok_or_else(|| scanner.error_at(start, ErrorKind::Count))
}

/// Reads a timestamp in milliseconds.
pub(super) fn milliseconds(scanner: &mut Scanner<'_>) -> Result<i64, LineError> {
    let start = scanner.offset();
    // Takes the rest of the line, spaces included: nothing may follow a timestamp.
    digits(scanner.take_until(&[]))
        .and_then(|number| i64::try_from(number).ok())
        .ok_or_else(|| scanner.error_at(start, ErrorKind::Timestamp))
}

fn digits(text: &str) -> Option<u64> {
    // `parse` alone would take a leading plus sign.
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok()
    } else {
        None
    }
}

/// `-? digits (. digits)? ([eE] [+-]? digits)?`
fn is_decimal(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let exponent = exponent.map(|text| text.strip_prefix(['+', '-']).unwrap_or(text));
    all_digits(whole) && fraction.is_none_or(all_digits) && exponent.is_none_or(all_digits)
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
