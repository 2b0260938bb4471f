//! The rules that a text can violate.

use core::error::Error;
use core::fmt;

/// The reason why a text is not a valid name, key, unit or description: the rule that it breaks.
///
/// ```
/// use dt_metrics::line::{Invalid, check_dimension_key};
///
/// let error = check_dimension_key("Region").unwrap_err();
/// assert_eq!(error, Invalid::DimensionKeyUpperCase);
/// assert_eq!(error.to_string(), "a dimension key is lower case");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Invalid {
    /// An instrument name without a character.
    InstrumentNameEmpty,
    /// An instrument name of more than 255 characters.
    InstrumentNameTooLong,
    /// An instrument name that does not begin with an ASCII letter.
    InstrumentNameStart,
    /// A section of an instrument name that does not begin with a letter, a digit or `_`.
    InstrumentNameSectionStart,
    /// Two dots in a row in an instrument name, or a dot at its end.
    InstrumentNameEmptySection,
    /// A character that an instrument name cannot have.
    InstrumentNameCharacter,
    /// An instrument name that begins with `dt.`.
    InstrumentNameReserved,
    /// A metric key without a character.
    MetricKeyEmpty,
    /// A metric key of more than 255 characters.
    MetricKeyTooLong,
    /// A metric key that does not begin with an ASCII letter or `_`.
    MetricKeyStart,
    /// A section of a metric key that does not begin with a letter, a digit or `_`.
    MetricKeySectionStart,
    /// Two dots in a row in a metric key, or a dot at its end.
    MetricKeyEmptySection,
    /// A character that a metric key cannot have.
    MetricKeyCharacter,
    /// A dimension key without a character.
    DimensionKeyEmpty,
    /// A dimension key of more than 100 characters.
    DimensionKeyTooLong,
    /// A section of a dimension key that does not begin with a lower case letter or `_`.
    DimensionKeySectionStart,
    /// Two dots in a row in a dimension key, or a dot at either end.
    DimensionKeyEmptySection,
    /// An upper case letter in a dimension key.
    DimensionKeyUpperCase,
    /// A character that a dimension key cannot have.
    DimensionKeyCharacter,
    /// A unit without a character.
    UnitEmpty,
    /// A unit of more than 63 characters.
    UnitTooLong,
    /// A character that a unit cannot have.
    UnitCharacter,
    /// A description of more than 65,535 characters.
    DescriptionTooLong,
}

impl Invalid {
    /// Returns the broken rule, as a text for the author of the name, key, unit or description.
    ///
    /// ```
    /// use dt_metrics::line::check_instrument_name;
    ///
    /// let error = check_instrument_name("1st.requests").unwrap_err();
    /// assert_eq!(error.message(), "an instrument name begins with a letter");
    /// ```
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::InstrumentNameEmpty => "an instrument name has at least one character",
            Self::InstrumentNameTooLong => "an instrument name has at most 255 characters",
            Self::InstrumentNameStart => "an instrument name begins with a letter",
            Self::InstrumentNameSectionStart => {
                "a section of an instrument name begins with a letter, a digit or `_`"
            }
            Self::InstrumentNameEmptySection => {
                "an instrument name has a character between two dots and after the last"
            }
            Self::InstrumentNameCharacter => {
                "an instrument name is made of ASCII letters, digits, `_`, `-` and `.`"
            }
            Self::InstrumentNameReserved => {
                "an instrument name does not begin with `dt.`, which is reserved by Dynatrace"
            }
            Self::MetricKeyEmpty => "a metric key has at least one character",
            Self::MetricKeyTooLong => "a metric key has at most 255 characters",
            Self::MetricKeyStart => "a metric key begins with a letter or `_`",
            Self::MetricKeySectionStart => {
                "a section of a metric key begins with a letter, a digit or `_`"
            }
            Self::MetricKeyEmptySection => {
                "a metric key has a character between two dots and after the last"
            }
            Self::MetricKeyCharacter => {
                "a metric key is made of ASCII letters, digits, `_`, `-` and `.`"
            }
            Self::DimensionKeyEmpty => "a dimension key has at least one character",
            Self::DimensionKeyTooLong => "a dimension key has at most 100 characters",
            Self::DimensionKeySectionStart => {
                "a section of a dimension key begins with a lower case letter or `_`"
            }
            Self::DimensionKeyEmptySection => {
                "a dimension key has a character before, between and after its dots"
            }
            Self::DimensionKeyUpperCase => "a dimension key is lower case",
            Self::DimensionKeyCharacter => {
                "a dimension key is made of lower case ASCII letters, digits, `_`, `-`, `:` and `.`"
            }
            Self::UnitEmpty => "a unit has at least one character; leave it out if there is none",
            Self::UnitTooLong => "a unit has at most 63 characters",
            Self::UnitCharacter => {
                "a unit is made of ASCII letters, digits and `%`, `[`, `]`, `{`, `}`, `/`, `_`"
            }
            Self::DescriptionTooLong => "a description has at most 65535 characters",
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl Error for Invalid {}
