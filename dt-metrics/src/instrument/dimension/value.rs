//! Values of dimensions, and the types that have them.

use core::fmt;
use core::num::NonZero;
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::rc::Rc;
use std::sync::Arc;

use super::short_text::ShortText;

/// The value of a dimension, borrowed from the measured value. Every value is sent as a text. A float
/// without a fraction is sent as an integer: `2.0` is sent as `2`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// A text.
    Str(&'a str),
    /// `true` or `false`.
    Bool(bool),
    /// A signed integer.
    I64(i64),
    /// An unsigned integer.
    U64(u64),
    /// A floating-point number.
    F64(f64),
    /// A character, an IP address or an integer of 128 bits.
    ShortText(ShortText),
}

/// Displays the value as it is on the wire.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Str(text) => f.pad(text),
            Self::Bool(value) => value.fmt(f),
            Self::I64(value) => value.fmt(f),
            Self::U64(value) => value.fmt(f),
            Self::F64(value) => value.fmt(f),
            Self::ShortText(text) => text.fmt(f),
        }
    }
}

/// A [`Value`] that a series keeps. Copies share its text.
#[derive(Clone)]
#[allow(missing_docs, reason = "described at `Value`")]
pub enum OwnedValue {
    Str(Arc<str>),
    /// A text of the program.
    Literal(&'static str),
    Bool(bool),
    I64(i64),
    U64(u64),
    F64(f64),
    ShortText(ShortText),
}

/// Shows the [`Value`].
impl fmt::Debug for OwnedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_value().fmt(f)
    }
}

impl Value<'static> {
    /// Keeps the value without a copy of its text.
    pub(crate) fn keep_literal(self) -> OwnedValue {
        match self {
            Self::Str(text) => OwnedValue::Literal(text),
            other => other.keep(),
        }
    }
}

impl Value<'_> {
    pub(crate) fn keep(self) -> OwnedValue {
        match self {
            Self::Str(text) => OwnedValue::Str(text.into()),
            Self::Bool(value) => OwnedValue::Bool(value),
            Self::I64(value) => OwnedValue::I64(value),
            Self::U64(value) => OwnedValue::U64(value),
            Self::F64(value) => OwnedValue::F64(value),
            Self::ShortText(text) => OwnedValue::ShortText(text),
        }
    }
}

impl OwnedValue {
    pub(crate) fn as_value(&self) -> Value<'_> {
        match self {
            Self::Str(text) => Value::Str(text),
            Self::Literal(text) => Value::Str(text),
            Self::Bool(value) => Value::Bool(*value),
            Self::I64(value) => Value::I64(*value),
            Self::U64(value) => Value::U64(*value),
            Self::F64(value) => Value::F64(*value),
            Self::ShortText(text) => Value::ShortText(*text),
        }
    }

    /// Whether both are the same value of the same type. Floats are compared by their bits, so that
    /// NaN is one series. A [literal](Self::Literal) is never compared: all values that a call looks up
    /// were measured.
    #[inline]
    pub(crate) fn is(&self, value: &Value<'_>) -> bool {
        match (self, value) {
            (Self::Str(own), Value::Str(text)) => **own == **text,
            (Self::Bool(own), Value::Bool(value)) => own == value,
            (Self::I64(own), Value::I64(value)) => own == value,
            (Self::U64(own), Value::U64(value)) => own == value,
            (Self::F64(own), Value::F64(value)) => own.to_bits() == value.to_bits(),
            (Self::ShortText(own), Value::ShortText(text)) => own == text,
            _ => false,
        }
    }
}

/// A type whose values can be values of a dimension.
///
/// For an enum, derive this trait with [`derive(DimensionValue)`](derive@crate::DimensionValue). For any
/// other type, implement the trait by hand:
///
/// ```
/// use dt_metrics::{DimensionValue, Value, counted, testing::capture};
///
/// struct Status(u16);
///
/// impl DimensionValue for Status {
///     fn dimension_value(&self) -> Option<Value<'_>> {
///         Some(Value::Str(match self.0 {
///             200..300 => "2xx",
///             400..500 => "4xx",
///             500..600 => "5xx",
///             _ => return None, // no such dimension
///         }))
///     }
/// }
///
/// #[counted(name = "answers", ret_dims(status = ret))]
/// fn answer() -> Status {
///     Status(404)
/// }
///
/// let seen = capture(answer);
/// assert_eq!(seen.counter("answers").with("status", "4xx").value(), 1);
/// ```
///
/// [`dimension_value`](Self::dimension_value) runs on each call, so it should be quick. A type should have
/// few different values, since each value is a series.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of a dimension",
    label = "not a dimension value",
    note = "dimension values are texts, `char`, `bool`, integers, floats, `IpAddr`, enums with `#[derive(dt_metrics::DimensionValue)]`, and `Option` of these types"
)]
pub trait DimensionValue {
    /// Returns the value, or `None` to leave the dimension out of the measurement.
    fn dimension_value(&self) -> Option<Value<'_>>;

    /// All values that the type has, if it has few and a static lists them. For expansions.
    #[doc(hidden)]
    const FIXED: Option<&'static [Value<'static>]> = None;

    /// The index of this value among [`FIXED`](Self::FIXED). For expansions.
    #[doc(hidden)]
    #[inline]
    fn fixed_index(&self) -> usize {
        0
    }
}

impl DimensionValue for Value<'_> {
    fn dimension_value(&self) -> Option<Value<'_>> {
        Some(*self)
    }
}

impl DimensionValue for str {
    fn dimension_value(&self) -> Option<Value<'_>> {
        Some(Value::Str(self))
    }
}

impl DimensionValue for String {
    fn dimension_value(&self) -> Option<Value<'_>> {
        Some(Value::Str(self))
    }
}

impl<T: DimensionValue + ToOwned + ?Sized> DimensionValue for Cow<'_, T> {
    fn dimension_value(&self) -> Option<Value<'_>> {
        T::dimension_value(self)
    }
}

impl<T: DimensionValue + ?Sized> DimensionValue for &T {
    const FIXED: Option<&'static [Value<'static>]> = T::FIXED;

    #[inline]
    fn fixed_index(&self) -> usize {
        T::fixed_index(self)
    }

    #[inline]
    fn dimension_value(&self) -> Option<Value<'_>> {
        T::dimension_value(self)
    }
}

impl<T: DimensionValue + ?Sized> DimensionValue for &mut T {
    const FIXED: Option<&'static [Value<'static>]> = T::FIXED;

    #[inline]
    fn fixed_index(&self) -> usize {
        T::fixed_index(self)
    }

    #[inline]
    fn dimension_value(&self) -> Option<Value<'_>> {
        T::dimension_value(self)
    }
}

impl<T: DimensionValue + ?Sized> DimensionValue for Box<T> {
    fn dimension_value(&self) -> Option<Value<'_>> {
        T::dimension_value(self)
    }
}

impl<T: DimensionValue + ?Sized> DimensionValue for Rc<T> {
    fn dimension_value(&self) -> Option<Value<'_>> {
        T::dimension_value(self)
    }
}

impl<T: DimensionValue + ?Sized> DimensionValue for Arc<T> {
    fn dimension_value(&self) -> Option<Value<'_>> {
        T::dimension_value(self)
    }
}

impl<T: DimensionValue> DimensionValue for Option<T> {
    fn dimension_value(&self) -> Option<Value<'_>> {
        self.as_ref().and_then(T::dimension_value)
    }
}

macro_rules! number {
    ($($variant:ident($wide:ty): $($narrow:ty),+;)+) => {$($(
        impl DimensionValue for $narrow {
            fn dimension_value(&self) -> Option<Value<'_>> {
                Some(Value::$variant(<$wide>::from(*self)))
            }
        }
    )+)+};
}

number! {
    I64(i64): i8, i16, i32, i64;
    U64(u64): u8, u16, u32, u64;
    F64(f64): f32, f64;
}

impl DimensionValue for bool {
    const FIXED: Option<&'static [Value<'static>]> = {
        static VALUES: [Value<'static>; 2] = [Value::Bool(false), Value::Bool(true)];
        Some(&VALUES)
    };

    #[inline]
    fn fixed_index(&self) -> usize {
        usize::from(*self)
    }

    #[inline]
    fn dimension_value(&self) -> Option<Value<'_>> {
        Some(Value::Bool(*self))
    }
}

macro_rules! non_zero {
    ($($integer:ty),+) => {$(
        impl DimensionValue for NonZero<$integer> {
            fn dimension_value(&self) -> Option<Value<'_>> {
                // The number is copied out of the wrapper, so its value borrows nothing.
                Some(match self.get().dimension_value()? {
                    Value::I64(value) => Value::I64(value),
                    Value::U64(value) => Value::U64(value),
                    Value::ShortText(text) => Value::ShortText(text),
                    _ => return None,
                })
            }
        }
    )+};
}

non_zero!(
    i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize
);

macro_rules! short_text {
    ($($type:ty),+) => {$(
        impl DimensionValue for $type {
            fn dimension_value(&self) -> Option<Value<'_>> {
                Some(Value::ShortText(ShortText::from(*self)))
            }
        }
    )+};
}

short_text!(char, i128, u128, IpAddr, Ipv4Addr, Ipv6Addr);

#[cfg(feature = "http")]
impl DimensionValue for http::StatusCode {
    fn dimension_value(&self) -> Option<Value<'_>> {
        Some(Value::Str(self.as_str()))
    }
}

#[cfg(feature = "http")]
impl DimensionValue for http::Method {
    fn dimension_value(&self) -> Option<Value<'_>> {
        Some(Value::Str(self.as_str()))
    }
}

impl DimensionValue for isize {
    fn dimension_value(&self) -> Option<Value<'_>> {
        Some(Value::I64(*self as i64))
    }
}

impl DimensionValue for usize {
    fn dimension_value(&self) -> Option<Value<'_>> {
        Some(Value::U64(*self as u64))
    }
}
