//! Numbers.

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
    /// Whether the number can be sent: NaN and the infinities cannot.
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

/// Appends a finite number: an integral one that fits 64 bits without point and exponent, any
/// other as the shortest text that reads back as the same number.
pub(super) fn push_f64(out: &mut String, value: f64) {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the cast back tells whether it fits"
    )]
    let integer = value as i64;
    #[expect(
        clippy::cast_precision_loss,
        clippy::float_cmp,
        reason = "exact equality is what is asked: is the number the same as an integer?"
    )]
    let integral = integer as f64 == value;
    // The cast takes 2^63 for 2^63 - 1, which as a float is 2^63 again.
    if integral && integer != i64::MAX {
        return push_integer(out, integer);
    }
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value);
    // The sign of a positive exponent is legal, but the reference client never writes it.
    match text.split_once("e+") {
        Some((mantissa, exponent)) => {
            out.push_str(mantissa);
            out.push('e');
            out.push_str(exponent);
        }
        None => out.push_str(text),
    }
}

/// Appends an integer.
pub(super) fn push_integer(out: &mut String, value: impl itoa::Integer) {
    out.push_str(itoa::Buffer::new().format(value));
}
