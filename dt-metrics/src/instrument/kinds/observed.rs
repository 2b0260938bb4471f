//! Observed functions: polled for a value once per collection.

use crate::descriptor::{Descriptor, Kind};
use crate::instrument::dimension::value::{OwnedValue, Value};

/// A function that is polled once per collection of each reader.
#[doc(hidden)]
pub struct Observed {
    descriptor: Descriptor,
    is_float: fn() -> bool,
    poll: fn() -> Option<Observation>,
}

/// An expansion's entry for the linker.
#[doc(hidden)]
pub struct ObservedRegistration(pub &'static Observed);

inventory::collect!(ObservedRegistration);

macro_rules! kinds {
    ($($name:ident: $kind:ident)+) => {$(
        /// For a metric of this kind. `is_float` returns whether values are floats, before there is
        /// one.
        #[must_use]
        pub const fn $name(
            descriptor: Descriptor,
            is_float: fn() -> bool,
            poll: fn() -> Option<Observation>,
        ) -> Self {
            Self {
                descriptor: descriptor.with_kind(Kind::$kind),
                is_float,
                poll,
            }
        }
    )+};
}

#[cfg_attr(
    not(feature = "dynatrace"),
    allow(dead_code, reason = "polled by the pipeline")
)]
impl Observed {
    kinds! { gauge: Gauge counter: Counter up_down_counter: UpDownCounter }

    /// The metric that it measures.
    #[must_use]
    pub const fn descriptor(&'static self) -> &'static Descriptor {
        &self.descriptor
    }

    pub(crate) fn is_float(&self) -> bool {
        (self.is_float)()
    }

    /// Runs the program's function. `None` if it has no value this time.
    pub(super) fn poll(&self) -> Option<Observation> {
        (self.poll)()
    }
}

/// All observed functions in the binary.
pub(crate) fn all_observed() -> impl Iterator<Item = &'static Observed> {
    inventory::iter::<ObservedRegistration>().map(|registration| registration.0)
}

/// The value of an observed function.
#[derive(Clone, Debug)]
pub struct Observation {
    pub(super) number: Number,
    /// In the order of the descriptor's keys.
    pub(super) values: Box<[Option<OwnedValue>]>,
}

/// The number of an [`Observation`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "named after their types")]
pub enum Number {
    U64(u64),
    I64(i64),
    F64(f64),
}

#[cfg_attr(
    not(feature = "dynatrace"),
    allow(dead_code, reason = "used by the pipeline")
)]
impl Number {
    /// The nearest `f64`.
    #[expect(clippy::cast_precision_loss, reason = "the nearest `f64` is enough")]
    pub(crate) fn to_f64(self) -> f64 {
        match self {
            Self::U64(number) => number as f64,
            Self::I64(number) => number as f64,
            Self::F64(number) => number,
        }
    }

    /// The sum of both, or the nearest number.
    pub(crate) fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::U64(a), Self::U64(b)) => Self::U64(a.saturating_add(b)),
            (Self::I64(a), Self::I64(b)) => Self::I64(a.saturating_add(b)),
            (a, b) => Self::F64(a.to_f64() + b.to_f64()),
        }
    }
}

impl Observation {
    /// A number in the series of `values`, which are in the order of the descriptor's keys; `None` if
    /// there is no number.
    pub fn of<N: Observable>(values: &[Option<Value<'_>>], number: N) -> Option<Self> {
        Some(Self {
            number: number.number()?,
            values: values.iter().map(|value| value.map(Value::keep)).collect(),
        })
    }
}

/// A type that an observed function may return.
#[diagnostic::on_unimplemented(
    message = "`#[observed]` goes on a function that returns a number or an `Option` of one, not \
               `{Self}`",
    label = "return an integer, a float or an `Option` of one"
)]
pub trait Observable: sealed::Sealed {
    /// As a number, if there is one.
    fn number(self) -> Option<Number>;
}

macro_rules! observable {
    ($variant:ident($convert:expr): $($number:ty)+) => {$(
        impl sealed::Sealed for $number {}

        #[diagnostic::do_not_recommend]
        impl Observable for $number {
            #[allow(
                clippy::unnecessary_fallible_conversions,
                clippy::useless_conversion,
                reason = "one conversion for all types"
            )]
            fn number(self) -> Option<Number> {
                let convert: fn($number) -> _ = $convert;
                Some(Number::$variant(convert(self)))
            }
        }
    )+};
}

observable!(U64(|number| u64::try_from(number).unwrap_or(u64::MAX)): u8 u16 u32 u64 u128 usize);
observable!(I64(|number| {
    i64::try_from(number).unwrap_or(if number < 0 { i64::MIN } else { i64::MAX })
}): i8 i16 i32 i64 i128 isize);
observable!(F64(f64::from): f32 f64);

impl<N: sealed::Sealed> sealed::Sealed for Option<N> {}

#[diagnostic::do_not_recommend]
impl<N: Observable> Observable for Option<N> {
    fn number(self) -> Option<Number> {
        self?.number()
    }
}

mod sealed {
    /// Types of other crates are not observable.
    pub trait Sealed {}
}
