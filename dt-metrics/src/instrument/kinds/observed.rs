//! Functions that are asked for a value.

use super::value::{OwnedValue, Value};
use crate::descriptor::{Descriptor, Kind};

/// A function that is asked once a collection of each reader.
#[doc(hidden)]
pub struct Observed {
    descriptor: Descriptor,
    is_float: fn() -> bool,
    ask: fn() -> Answer,
}

/// What an expansion hands to the linker.
#[doc(hidden)]
pub struct ObservedRegistration(&'static Observed);

inventory::collect!(ObservedRegistration);

macro_rules! kinds {
    ($($name:ident: $kind:ident)+) => {$(
        /// For a metric of this kind. `is_float` says whether values are floats before there are
        /// any.
        #[must_use]
        pub const fn $name(
            descriptor: Descriptor,
            is_float: fn() -> bool,
            ask: fn() -> Answer,
        ) -> Self {
            Self {
                descriptor: descriptor.with_kind(Kind::$kind),
                is_float,
                ask,
            }
        }
    )+};
}

#[cfg_attr(
    not(feature = "dynatrace"),
    allow(dead_code, reason = "asked by the pipeline")
)]
impl Observed {
    kinds! { gauge: Gauge counter: Counter up_down_counter: UpDownCounter }

    /// What it measures.
    #[must_use]
    pub const fn descriptor(&'static self) -> &'static Descriptor {
        &self.descriptor
    }

    /// What the linker is told of it.
    #[must_use]
    pub const fn registration(&'static self) -> ObservedRegistration {
        ObservedRegistration(self)
    }

    pub(crate) fn is_float(&self) -> bool {
        (self.is_float)()
    }

    /// Runs the user's function.
    pub(crate) fn ask(&self) -> Answer {
        (self.ask)()
    }
}

/// All of them in the binary.
pub(crate) fn all_observed() -> impl Iterator<Item = &'static Observed> {
    inventory::iter::<ObservedRegistration>().map(|registration| registration.0)
}

/// What a function said.
#[derive(Clone, Debug)]
#[cfg_attr(
    not(feature = "dynatrace"),
    allow(dead_code, reason = "read by the pipeline")
)]
pub struct Answer {
    pub(crate) number: Number,
    /// In the order of the descriptor's keys.
    pub(crate) values: Box<[Option<OwnedValue>]>,
}

/// The number in it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "as the types are called")]
pub enum Number {
    U64(u64),
    I64(i64),
    F64(f64),
}

impl Answer {
    /// A number of the series of `values`, which are in the order of the descriptor's keys.
    pub fn new<N: Observable>(values: &[Option<Value<'_>>], number: N) -> Self {
        Self {
            number: number.number(),
            values: values.iter().map(|value| value.map(Value::keep)).collect(),
        }
    }
}

/// What a function may return that is observed.
#[diagnostic::on_unimplemented(
    message = "`#[observed]` goes on a function that returns `u64`, `i64` or `f64`, not `{Self}`",
    label = "return one of these types"
)]
pub trait Observable: sealed::Sealed {
    /// As a number.
    fn number(self) -> Number;
}

macro_rules! observable {
    ($($number:ty: $variant:ident,)+) => {$(
        impl sealed::Sealed for $number {}

        #[diagnostic::do_not_recommend]
        impl Observable for $number {
            fn number(self) -> Number {
                Number::$variant(self)
            }
        }
    )+};
}

observable! { u64: U64, i64: I64, f64: F64, }

mod sealed {
    /// Types out of this library are not observable.
    pub trait Sealed {}
}
