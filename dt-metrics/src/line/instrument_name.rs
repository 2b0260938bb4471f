//! Names of instruments.

use super::class::{DIGIT, HYPHEN, LOWER, UNDERSCORE, UPPER};
use super::invalid::Invalid;
use super::limits::MAX_INSTRUMENT_NAME_LENGTH;
use super::sections::{Fault, Grammar};

const GRAMMAR: Grammar = Grammar {
    first: LOWER | UPPER,
    start: LOWER | UPPER | UNDERSCORE | DIGIT,
    inner: LOWER | UPPER | UNDERSCORE | DIGIT | HYPHEN,
    longest: MAX_INSTRUMENT_NAME_LENGTH,
};

/// The nearest text that is made of the characters of a name. It can still begin as no name does.
pub(crate) fn normalize_instrument_name(name: &str) -> String {
    GRAMMAR.normalize(name.chars())
}

/// Checks that `name` is both a valid metric key and a valid instrument name of OpenTelemetry: an
/// ASCII letter, then letters, digits, `_`, `-` and `.`; no empty section and none that begins
/// with `-`; 255 characters at most; not in `dt.`, which Dynatrace reserves.
///
/// OpenTelemetry ignores an instrument whose name begins with `_`, and allows the character `/`, which a
/// metric key cannot contain. A valid name follows both sets of rules.
///
/// ```
/// use dt_metrics::line::{Invalid, check_instrument_name};
///
/// const _: () = assert!(check_instrument_name("shop.orders").is_ok());
/// assert_eq!(check_instrument_name("_orders"), Err(Invalid::InstrumentNameStart));
/// assert_eq!(check_instrument_name("dt.orders"), Err(Invalid::InstrumentNameReserved));
/// ```
///
/// # Errors
///
/// Returns the first rule that `name` breaks.
pub const fn check_instrument_name(name: &str) -> Result<(), Invalid> {
    match GRAMMAR.fault(name) {
        None => {}
        Some(Fault::Empty) => return Err(Invalid::InstrumentNameEmpty),
        Some(Fault::TooLong) => return Err(Invalid::InstrumentNameTooLong),
        Some(Fault::First) => return Err(Invalid::InstrumentNameStart),
        Some(Fault::SectionStart) => return Err(Invalid::InstrumentNameSectionStart),
        Some(Fault::EmptySection) => return Err(Invalid::InstrumentNameEmptySection),
        Some(Fault::UpperCase | Fault::Character) => {
            return Err(Invalid::InstrumentNameCharacter);
        }
    }
    if let [b'd', b't', b'.', ..] = name.as_bytes() {
        return Err(Invalid::InstrumentNameReserved);
    }
    Ok(())
}
