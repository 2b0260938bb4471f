//! Numbers.

/// The first float that is too great for an `i64`.
const TWO_TO_THE_63: f64 = 9_223_372_036_854_775_808.0;

/// A measured number.
///
/// ```
/// use dt_metrics::line::Number;
///
/// assert_eq!(Number::from(2_u64), Number::U64(2));
/// assert!(!Number::F64(f64::NAN).is_finite());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A signed integer.
    I64(i64),
    /// An unsigned integer.
    U64(u64),
    /// A floating-point number.
    F64(f64),
}

impl Number {
    /// Returns `true` if the number can be sent. NaN and the infinities cannot be sent.
    #[must_use]
    pub const fn is_finite(self) -> bool {
        match self {
            Self::I64(_) | Self::U64(_) => true,
            Self::F64(value) => value.is_finite(),
        }
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self::I64(value)
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self::U64(value)
    }
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self::F64(value)
    }
}

/// Appends a finite number.
pub(super) fn push_number(out: &mut String, number: Number) {
    match number {
        Number::I64(value) => push_integer(out, value),
        Number::U64(value) => push_integer(out, value),
        Number::F64(value) => push_f64(out, value),
    }
}

/// Appends a finite number: an integral one that fits an `i64` without point and exponent, any
/// other as the shortest text that reads back as the same number.
pub(super) fn push_f64(out: &mut String, value: f64) {
    if !(-TWO_TO_THE_63..TWO_TO_THE_63).contains(&value) {
        // The sign of a positive exponent is legal, but the reference client never writes it.
        out.extend(zmij::Buffer::new().format_finite(value).split('+'));
        return;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the cast back shows whether it is exact"
    )]
    let integer = value as i64;
    #[expect(
        clippy::cast_precision_loss,
        clippy::float_cmp,
        reason = "exact equality is the question: is it an integer?"
    )]
    let is_integer = integer as f64 == value;
    if is_integer {
        push_integer(out, integer);
    } else {
        out.push_str(zmij::Buffer::new().format_finite(value));
    }
}

/// Appends an integer.
pub(super) fn push_integer(out: &mut String, value: impl itoa::Integer) {
    out.push_str(itoa::Buffer::new().format(value));
}
