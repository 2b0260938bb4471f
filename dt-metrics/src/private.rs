//! The items that expansions of the macros name. They are not part of the public interface: anything
//! here may change in any release.

use core::any::TypeId;
use core::panic::Location;
use core::time::Duration;

mod by_type;
mod call;
mod check;
mod description;
mod future;
mod handed;
mod judge;
mod number;
mod outcome;
mod promised;
mod site;
mod stream;

pub use inventory;

pub use self::by_type::{Call, PinnedFuture, call_of, judged};
pub use self::call::{Ending, Guard, Told, record, run};
pub use self::check::{
    check_description, check_name, check_unit, time_unit_length, unit_nanoseconds,
};
pub use self::description::{joined, joined_length, joined_text};
pub use self::future::{diverging, measured, measured_capturing, measured_handing};
pub use self::handed::{hand, slot};
pub use self::judge::OutcomeOf;
pub use self::number::{
    Amount, Integer, Number, Recordable, Unsigned, integer, number, recordable, unsigned,
};
pub use self::outcome::{Fallible, Outcome, Returned, fallible};
pub use self::promised::{
    Extent, FutureBody, Promised, StreamBody, ToItsEnd, recording, recording_capturing,
};
pub use self::site::{
    At, Begins, Counts, Durations, Flights, Times, guard_at, held, measured_at, measured_by, run_at,
};
pub use self::stream::{Items, Returns, judged_by, judged_by_pointer};
pub use crate::descriptor::{DefaultName, Descriptor, Kind, Objective, Registered, Registration};
pub use crate::instrument::expanded::{
    Added, AnyValue, Checked, Counter, DimensionSet, DimensionValue, DimensionedCounter,
    DimensionedGauge, DimensionedHistogram, DimensionedUpDownCounter, Dimensions, Formatted, Gauge,
    Histogram, InFlight, Kept, KeptSpread, Measures, Observable, Observation, Observed,
    ObservedRegistration, Spread, Stopwatch, Timer, UpDownCounter, Value,
};

/// The descriptor of an annotation with this name, at the caller's place. The instrument that is
/// made from it sets the kind.
#[must_use]
#[track_caller]
pub const fn describe(name: &'static str, module_path: &'static str) -> Descriptor {
    let place = Location::caller();
    Descriptor::new(Kind::Counter, name, module_path, place.file(), place.line())
}

/// The descriptor of an annotation whose name is made from `path` when it is first needed. The last
/// `function` bytes of `path` come after the module.
#[must_use]
#[track_caller]
pub const fn describe_path(path: &'static str, function: usize) -> Descriptor {
    let place = Location::caller();
    Descriptor::unnamed(path, function, place.file(), place.line())
}

/// The objective that this share of calls succeeds.
#[must_use]
pub const fn success(ratio: f64) -> Objective {
    Objective::Success { ratio }
}

/// The objective that this share of calls takes at most so many nanoseconds.
#[must_use]
pub const fn latency(nanoseconds: u64, percentile: f64) -> Objective {
    Objective::Latency {
        threshold: Duration::from_nanos(nanoseconds),
        percentile,
    }
}

/// A function that finds out whether `N`, which a function returns, is a float. The comparison is not
/// possible in a constant.
#[must_use]
pub const fn returns_float<N: 'static>(_: fn() -> N) -> fn() -> bool {
    || {
        let floats = [
            TypeId::of::<f64>(),
            TypeId::of::<f32>(),
            TypeId::of::<Option<f64>>(),
            TypeId::of::<Option<f32>>(),
        ];
        floats.contains(&TypeId::of::<N>())
    }
}

/// The value of a dimension.
#[inline]
pub fn value<V: DimensionValue + ?Sized>(value: &V) -> Option<Value<'_>> {
    value.dimension_value()
}

/// `value`, if its type can be the value of a dimension. Any other type is an error at the caller.
#[inline]
pub const fn dimension<V: DimensionValue + ?Sized>(value: &V) -> &V {
    value
}

/// The value of a dimension whose type lists all its values.
#[inline]
pub fn fixed_value<V: DimensionValue>(value: &V) -> Option<Value<'static>> {
    V::FIXED?.get(value.fixed_index()).copied()
}

/// The values of dimensions that are computed once.
#[must_use]
pub fn values<const N: usize>(values: [Option<Value<'static>>; N]) -> Vec<Option<Value<'static>>> {
    values.into()
}

/// The value of a dimension, kept until the call ends.
#[inline]
pub fn keep<V: DimensionValue + ?Sized>(value: &V) -> Kept<V> {
    Kept::new(value)
}

/// The value of a dimension, kept until the call ends without its type: it borrows nothing.
#[inline]
pub fn keep_any<V: DimensionValue + ?Sized>(value: &V) -> Kept<AnyValue> {
    Kept::any(value)
}

/// A value of any type, from which the compiler infers that type. This is never called.
#[must_use]
pub fn never<T>() -> T {
    loop {
        std::thread::park();
    }
}

/// A dimension that a measurement does not have.
pub struct Absent;

/// The only value of [`Absent`] that expansions need.
pub static ABSENT: Absent = Absent;

impl DimensionValue for Absent {
    fn dimension_value(&self) -> Option<Value<'_>> {
        None
    }
}

/// `body`. With the bound, the compiler infers from the start that the closure is called once.
#[inline]
pub const fn once<R, F: FnOnce() -> R>(body: F) -> F {
    body
}

/// Calls `body`.
#[inline]
pub fn call<R>(body: impl FnOnce() -> R) -> R {
    body()
}
