//! Values as texts in variables. An error completes "ignoring …, since …", and does not show the
//! value: it may be a secret.

use std::time::Duration;

use secrecy::SecretSlice;

use crate::dynatrace::config::certificates::certificates;
use crate::dynatrace::error::ConfigError;

pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err("it is neither true nor false".into()),
    }
}

pub(super) fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| is_number);
    let reason = if is_number {
        "it is too large"
    } else {
        "it is not a whole number"
    };
    number.ok_or_else(|| reason.into())
}

pub(super) fn count(text: &str) -> Result<usize, String> {
    match number(text)? {
        0 => Err("it is 0".into()),
        count => Ok(count),
    }
}

/// A number of milliseconds, as OpenTelemetry's variables have it.
pub(super) fn millis(text: &str) -> Result<Duration, String> {
    match number(text) {
        Ok(0) => Err("it is 0".into()),
        Ok(millis) => Ok(Duration::from_millis(millis)),
        Err(reason) if reason.ends_with("whole number") => {
            Err("it is not a number of milliseconds".into())
        }
        Err(reason) => Err(reason),
    }
}

/// The units of a duration, with their lengths in nanoseconds.
const TIMES: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// A duration such as `10s`, `1m30s`, `1.5s` or, in seconds, `10`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let is_number = |text: &str| {
        let mut parts = text.split('.');
        let are_digits = parts.all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        are_digits && text.matches('.').count() < 2 && text.contains(|c: char| c.is_ascii_digit())
    };
    let seconds = |number: &str, nanoseconds: u64| {
        let number: f64 = number.parse().ok()?;
        Duration::try_from_secs_f64(number * Duration::from_nanos(nanoseconds).as_secs_f64()).ok()
    };
    let too_long = || "it is too long".to_owned();
    if is_number(text) {
        return seconds(text, 1_000_000_000).ok_or_else(too_long);
    }
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err("it is empty".into());
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
        let (number, after) = rest.split_at(end.unwrap_or(rest.len()));
        let after = after.trim_start();
        let end = after
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let unit = TIMES.iter().find(|(name, _)| *name == unit);
        let Some((_, nanoseconds)) = unit.filter(|_| is_number(number)) else {
            return Err("it is not a duration".into());
        };
        let part = seconds(number, *nanoseconds).ok_or_else(too_long)?;
        total = total.checked_add(part).ok_or_else(too_long)?;
        rest = after.trim_start();
    }
    Ok(total)
}

/// The units of a size.
const SIZES: [(&str, u64); 10] = [
    ("", 1),
    ("B", 1),
    ("k", 1_000),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// A number of bytes such as `1048576` or `64MiB`.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let end = text.find(|c: char| !c.is_ascii_digit());
    let (digits, unit) = text.split_at(end.unwrap_or(text.len()));
    let unit = SIZES.iter().find(|(name, _)| *name == unit.trim());
    let (Some((_, size)), false) = (unit, digits.is_empty()) else {
        return Err("it is not a number of bytes".into());
    };
    let bytes = number::<u64>(digits)?.checked_mul(*size);
    match bytes {
        None => Err("it is too large".into()),
        Some(0) => Err("it is 0".into()),
        Some(bytes) => Ok(bytes),
    }
}

/// The entries of a list that are not empty.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(',').map(str::trim);
    words.filter(|word| !word.is_empty()).map(str::to_owned)
}

/// The pairs of a list such as `env=prod,team=a`. A backslash takes the special meaning from the
/// character after it.
pub(super) fn pairs(text: &str) -> Vec<Result<(String, String), &'static str>> {
    let mut pairs = Vec::new();
    let mut chars = text.chars().peekable();
    while chars.peek().is_some() {
        let mut parts = vec![String::new()];
        while let Some(c) = chars.next() {
            let last = parts.len() - 1;
            match c {
                ',' => break,
                '=' if last == 0 => parts.push(String::new()),
                '\\' => parts[last].extend(chars.next()),
                other => parts[last].push(other),
            }
        }
        let parts: Vec<_> = parts.iter().map(|part| part.trim()).collect();
        match *parts {
            // A comma at the end, or two of them.
            [""] => {}
            [key, value] => pairs.push(Ok((key.to_owned(), value.to_owned()))),
            _ => pairs.push(Err("it has no `=`")),
        }
    }
    pairs
}

/// PEM, or the contents of a file with it.
pub(super) fn certificate(text: &str) -> Result<SecretSlice<u8>, String> {
    let reason = |error| match error {
        ConfigError::RootCertificate { reason } => reason,
        other => other.to_string(),
    };
    let pem = if text.contains("-----BEGIN") {
        text.as_bytes().to_vec()
    } else {
        std::fs::read(text)
            .map_err(|error| format!("the file that it names cannot be read: {error}"))?
    };
    let pem = SecretSlice::from(pem);
    certificates(std::slice::from_ref(&pem)).map_err(reason)?;
    Ok(pem)
}
