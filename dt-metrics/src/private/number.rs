//! Conversion of numbers of any type to `f64`.

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

mod sealed {
    /// Keeps other crates from implementing [`Number`](super::Number).
    pub trait Sealed {}
}
