//! Units.

use super::class::{self, DIGIT, LOWER, UNDERSCORE, UNIT_MARK, UPPER};
use super::invalid::Invalid;
use super::limits::MAX_UNIT_LENGTH;

/// Checks that `unit` is a valid unit: 1 to 63 ASCII letters, digits and `%`, `[`, `]`, `{`, `}`, `/`,
/// `_` (Dynatrace documentation, *Metric ingestion protocol*, metadata). Units are written in
/// UCUM: `s`, `By`, `1`, `{request}`.
///
/// ```
/// use dt_metrics::line::check_unit;
///
/// const _: () = assert!(check_unit("KiBy/s").is_ok());
/// assert!(check_unit("per second").is_err());
/// ```
///
/// # Errors
///
/// Returns the first rule that `unit` breaks.
pub const fn check_unit(unit: &str) -> Result<(), Invalid> {
    let bytes = unit.as_bytes();
    if bytes.is_empty() {
        Err(Invalid::UnitEmpty)
    } else if !class::all(bytes, LOWER | UPPER | DIGIT | UNDERSCORE | UNIT_MARK) {
        Err(Invalid::UnitCharacter)
    } else if bytes.len() > MAX_UNIT_LENGTH {
        Err(Invalid::UnitTooLong)
    } else {
        Ok(())
    }
}

/// Full names of units that libraries use, in lower case, and their names in UCUM.
const NAMES: &[(&[&str], &str)] = &[
    (&["nanosecond", "nanoseconds", "nanos"], "ns"),
    (
        &[
            "\u{b5}s",
            "\u{3bc}s",
            "microsecond",
            "microseconds",
            "micros",
        ],
        "us",
    ),
    (
        &["millisecond", "milliseconds", "millis", "msec", "msecs"],
        "ms",
    ),
    (&["second", "seconds", "sec", "secs"], "s"),
    (&["minute", "minutes", "mins"], "min"),
    (&["hour", "hours"], "h"),
    (&["day", "days"], "d"),
    (&["week", "weeks"], "wk"),
    (&["bit", "bits"], "bit"),
    (&["byte", "bytes"], "By"),
    (&["kilobyte", "kilobytes"], "kBy"),
    (&["megabyte", "megabytes"], "MBy"),
    (&["gigabyte", "gigabytes"], "GBy"),
    (&["terabyte", "terabytes"], "TBy"),
    (&["kibibyte", "kibibytes"], "KiBy"),
    (&["mebibyte", "mebibytes"], "MiBy"),
    (&["gibibyte", "gibibytes"], "GiBy"),
    (&["tebibyte", "tebibytes"], "TiBy"),
    (&["bytes/second", "bytes/s", "bytes per second"], "By/s"),
    (&["percent", "percentage"], "%"),
    (&["ratio", "dimensionless"], "1"),
    (&["hertz"], "Hz"),
    (&["kilohertz"], "kHz"),
    (&["megahertz"], "MHz"),
    (&["gigahertz"], "GHz"),
    (&["meter", "meters", "metre", "metres"], "m"),
    (
        &["kilometer", "kilometers", "kilometre", "kilometres"],
        "km",
    ),
    (&["gram", "grams"], "g"),
    (&["kilogram", "kilograms"], "kg"),
    (&["ampere", "amperes", "amp", "amps"], "A"),
    (&["volt", "volts"], "V"),
    (&["watt", "watts"], "W"),
    (&["joule", "joules"], "J"),
    (&["kelvin"], "K"),
    (&["celsius", "degrees celsius", "\u{b0}c"], "Cel"),
];

/// Returns the UCUM unit for the full name of a unit, such as `ms` for `milliseconds`. Returns `None` if
/// `unit` is not a full name of a unit. Names are case-insensitive.
///
/// ```
/// use dt_metrics::line::ucum_unit;
///
/// assert_eq!(ucum_unit("milliseconds"), Some("ms"));
/// assert_eq!(ucum_unit("Bytes"), Some("By"));
/// assert_eq!(ucum_unit("{request}"), None);
/// ```
#[must_use]
pub fn ucum_unit(unit: &str) -> Option<&'static str> {
    let lower = unit.trim().to_lowercase();
    NAMES
        .iter()
        .find_map(|&(names, ucum)| names.contains(&lower.as_str()).then_some(ucum))
}
