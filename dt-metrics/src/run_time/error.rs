//! Why an instrument cannot be made at run time.

use core::fmt;

use crate::instrument::MOST_SHAPES;
use crate::line::{self, Invalid, normalize_dimension_key};
use crate::registry::Conflict;

/// The reason why an instrument, a series or an observer cannot be built at run time.
///
/// ```
/// use dt_metrics::instrument::{BuildError, Counter};
///
/// let error = Counter::builder("cache hits").build().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "`cache hits` is not a valid instrument name: an instrument name is made of ASCII letters, \
///      digits, `_`, `-` and `.`; use `cache_hits`"
/// );
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// A name, a dimension key, a unit or a description is invalid.
    #[non_exhaustive]
    Invalid {
        /// The invalid text.
        text: String,
        /// The rule that the text breaks.
        rule: Invalid,
        /// The nearest valid text, if there is one.
        nearest: Option<String>,
    },
    /// An instrument with this name has another kind or another unit.
    Conflict(Conflict),
    /// Two dimensions have the same key.
    #[non_exhaustive]
    DimensionTwice {
        /// The key of both dimensions.
        key: String,
    },
    /// The boundaries of a histogram are not finite numbers in ascending order.
    Boundaries,
    /// An observer has the kind [`Kind::Histogram`](crate::Kind::Histogram), which callbacks cannot record.
    ObservedHistogram,
    /// The program has built 10,000 different instruments at run time, which is the limit.
    TooMany,
}

/// A kind of text.
#[derive(Clone, Copy)]
pub(super) enum Text {
    Name,
    Key,
    Unit,
    Description,
}

impl Text {
    /// Checks a text.
    pub(super) fn check(self, text: &str) -> Result<(), BuildError> {
        let checked = match self {
            Self::Name => line::check_instrument_name(text),
            Self::Key => line::check_dimension_key(text),
            Self::Unit => line::check_unit(text),
            Self::Description => line::check_description(text),
        };
        checked.map_err(|rule| BuildError::Invalid {
            text: text.to_owned(),
            rule,
            nearest: self.nearest(text).filter(|nearest| nearest != text),
        })
    }

    fn nearest(self, text: &str) -> Option<String> {
        let nearest = match self {
            Self::Name => {
                let normalized = line::normalize_instrument_name(text);
                let mut name = normalized.as_str();
                while let Some(rest) = name.strip_prefix("dt.") {
                    name = rest;
                }
                name.trim_start_matches(|c: char| !c.is_ascii_alphabetic())
                    .to_owned()
            }
            Self::Key => normalize_dimension_key(text)?.into_owned(),
            Self::Unit => {
                line::ucum_unit(text).map_or_else(|| text.trim().to_owned(), str::to_owned)
            }
            Self::Description => return None,
        };
        self.check_nearest(&nearest).then_some(nearest)
    }

    fn check_nearest(self, text: &str) -> bool {
        match self {
            Self::Name => line::check_instrument_name(text).is_ok(),
            Self::Key => line::check_dimension_key(text).is_ok(),
            Self::Unit => line::check_unit(text).is_ok(),
            Self::Description => line::check_description(text).is_ok(),
        }
    }
}

/// The subject of a rule.
fn noun(rule: Invalid) -> &'static str {
    match rule {
        Invalid::DimensionKeyEmpty
        | Invalid::DimensionKeyTooLong
        | Invalid::DimensionKeySectionStart
        | Invalid::DimensionKeyEmptySection
        | Invalid::DimensionKeyUpperCase
        | Invalid::DimensionKeyCharacter => "dimension key",
        Invalid::UnitEmpty | Invalid::UnitTooLong | Invalid::UnitCharacter => "unit",
        Invalid::DescriptionTooLong => "description",
        _ => "instrument name",
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid {
                text,
                rule,
                nearest,
            } => {
                let shown: String = text.chars().take(64).collect();
                let more = if shown == *text { "" } else { "…" };
                write!(f, "`{shown}{more}` is not a valid {}: {rule}", noun(*rule))?;
                match nearest {
                    Some(nearest) => write!(f, "; use `{nearest}`"),
                    None => Ok(()),
                }
            }
            Self::Conflict(conflict) => conflict.fmt(f),
            Self::DimensionTwice { key } => {
                write!(f, "dimension `{key}` is given twice; remove one of them")
            }
            Self::Boundaries => f.write_str(
                "the boundaries of a histogram are finite numbers, each greater than the one before; \
                 sort them and remove duplicates",
            ),
            Self::ObservedHistogram => f.write_str(
                "a callback cannot observe a histogram; use the kind `Gauge`, `Counter` or \
                 `UpDownCounter`, or record values in an `instrument::Histogram`",
            ),
            Self::TooMany => write!(
                f,
                "the program has made {MOST_SHAPES} different instruments at run time, the most that \
                 are kept; put the part of the name that varies into a dimension"
            ),
        }
    }
}

impl core::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Invalid { rule, .. } => Some(rule),
            Self::Conflict(conflict) => Some(conflict),
            _ => None,
        }
    }
}
