//! Numbers of any type that instruments take: for histograms and gauges `f64`, for counters `u64`, for
//! up-down counters `i64`.

use core::marker::PhantomData;
use core::ops::Deref;
use core::time::Duration;

/// A type of numbers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be recorded as a number",
    label = "not a number",
    note = "values are integers and floats of any type, and references to them"
)]
pub trait Number: sealed::Sealed {
    /// The nearest `f64`.
    fn to_f64(&self) -> f64;
}

/// The nearest `f64`.
#[inline]
pub fn number<N: Number>(number: N) -> f64 {
    number.to_f64()
}

macro_rules! numbers {
    ($($number:ty)+) => {$(
        impl sealed::Sealed for $number {}

        impl Number for $number {
            #[inline]
            #[allow(
                clippy::cast_lossless,
                clippy::cast_precision_loss,
                trivial_numeric_casts,
                reason = "one cast for all types"
            )]
            fn to_f64(&self) -> f64 {
                *self as f64
            }
        }
    )+};
}

numbers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64);

macro_rules! references {
    ($($reference:ty)+) => {$(
        impl<N: sealed::Sealed + ?Sized> sealed::Sealed for $reference {}

        impl<N: Number + ?Sized> Number for $reference {
            #[inline]
            fn to_f64(&self) -> f64 {
                N::to_f64(self)
            }
        }
    )+};
}

references!(&N &mut N);

/// A type of values that `record!` takes. `TIME` is whether durations are among them: if the unit of
/// the metric is one of time, or if it has none.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be recorded as a number",
    label = "not a number",
    note = "values are integers and floats of any type, and references to them; a `Duration` is \
            one if the `unit` is a unit of time, such as `\"s\"` or `\"ms\"`, or is left out"
)]
pub trait Recordable<const TIME: bool>: Sized {
    /// The nearest `f64`; for a duration, its length in units of `nanoseconds`.
    fn in_unit(self, nanoseconds: f64) -> f64;
}

#[diagnostic::do_not_recommend]
impl<const TIME: bool, N: Number> Recordable<TIME> for N {
    #[inline]
    fn in_unit(self, _: f64) -> f64 {
        self.to_f64()
    }
}

macro_rules! durations {
    ($($duration:ty)+) => {$(
        #[diagnostic::do_not_recommend]
        impl Recordable<true> for $duration {
            #[inline]
            #[allow(clippy::cast_precision_loss, reason = "104 days are exact")]
            fn in_unit(self, nanoseconds: f64) -> f64 {
                self.as_nanos() as f64 / nanoseconds
            }
        }
    )+};
}

durations!(Duration &Duration &mut Duration);

/// A number, or a duration in units of `nanoseconds`.
#[inline]
pub fn recordable<const TIME: bool, V: Recordable<TIME>>(value: V, nanoseconds: f64) -> f64 {
    value.in_unit(nanoseconds)
}

/// The number that a counter or an up-down counter adds, which counts in `T`.
///
/// The compiler takes the first method that fits: one for numbers of that type, or, by `Deref`, one
/// for all other types. The first method also determines the type of literals, and of other
/// expressions that can have several types.
pub struct Amount<T, N>(AnyAmount<T, N>);

/// An [`Amount`] of any type.
pub struct AnyAmount<T, N>(N, PhantomData<fn() -> T>);

impl<T, N> Amount<T, N> {
    #[inline]
    #[must_use]
    pub const fn new(number: N) -> Self {
        Self(AnyAmount(number, PhantomData))
    }
}

impl<T, N> Deref for Amount<T, N> {
    type Target = AnyAmount<T, N>;

    #[inline]
    fn deref(&self) -> &AnyAmount<T, N> {
        &self.0
    }
}

impl<Same> Amount<Same, Same> {
    #[inline]
    #[must_use]
    pub const fn __dt_metrics_amount(&self) -> &Same {
        &self.0.0
    }
}

impl<T, N> AnyAmount<T, N> {
    #[inline]
    #[must_use]
    pub const fn __dt_metrics_amount(&self) -> &N {
        &self.0
    }
}

/// The number that a counter adds.
#[inline]
pub fn unsigned<N: Unsigned>(number: &N) -> u64 {
    number.to_u64()
}

/// The number that an up-down counter adds.
#[inline]
pub fn integer<N: Integer>(number: &N) -> i64 {
    number.to_i64()
}

/// A type of numbers that a counter can add.
#[diagnostic::on_unimplemented(
    message = "a counter cannot add a value of type `{Self}`",
    label = "not an unsigned integer",
    note = "counters add unsigned integers of any type; for a number that can be negative, use \
            `up_down_counter!`"
)]
pub trait Unsigned: sealed::Sealed {
    /// The number, or the greatest `u64` if it is greater than that.
    fn to_u64(&self) -> u64;
}

/// A type of numbers that an up-down counter can add.
#[diagnostic::on_unimplemented(
    message = "an up-down counter cannot add a value of type `{Self}`",
    label = "not an integer",
    note = "up-down counters add integers of any type; for the value of a float, use `gauge!`"
)]
pub trait Integer: sealed::Sealed {
    /// The number, or the nearest `i64`.
    fn to_i64(&self) -> i64;
}

macro_rules! integers {
    ($($number:ty)+; $trait:ident: $method:ident -> $nearest:ty, $out_of_range:expr) => {$(
        impl $trait for $number {
            #[inline]
            #[allow(
                clippy::unnecessary_fallible_conversions,
                clippy::useless_conversion,
                reason = "one conversion for all types"
            )]
            fn $method(&self) -> $nearest {
                let out_of_range: fn($number) -> $nearest = $out_of_range;
                <$nearest>::try_from(*self).unwrap_or_else(|_| out_of_range(*self))
            }
        }
    )+};
}

integers!(u8 u16 u32 u64 u128 usize; Unsigned: to_u64 -> u64, |_| u64::MAX);
integers!(
    u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize;
    Integer: to_i64 -> i64, |number| if number > 0 { i64::MAX } else { i64::MIN }
);

#[diagnostic::do_not_recommend]
impl<N: Unsigned + ?Sized> Unsigned for &N {
    #[inline]
    fn to_u64(&self) -> u64 {
        N::to_u64(self)
    }
}

#[diagnostic::do_not_recommend]
impl<N: Integer + ?Sized> Integer for &N {
    #[inline]
    fn to_i64(&self) -> i64 {
        N::to_i64(self)
    }
}

mod sealed {
    /// Keeps other crates from implementing [`Number`](super::Number).
    pub trait Sealed {}
}
