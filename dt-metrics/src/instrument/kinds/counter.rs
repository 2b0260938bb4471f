//! Sums: counters and up-down counters.
#![allow(
    clippy::needless_pass_by_value,
    reason = "sets are lists of references"
)]

use core::fmt;

use super::constructors;
use crate::descriptor::{Descriptor, Kind, Registered};
use crate::instrument::cells::chunk::Amount;
use crate::instrument::cells::thread;
use crate::instrument::dimension::set::DimensionSet;
use crate::instrument::dimension::value::Value;
use crate::instrument::series::dynamic::{DynamicSeries, Stay};
use crate::instrument::series::fixed::FixedSeries;

/// A number that counters add: a `u64` or an `i64` that is small, or any [`Checked`] number.
pub trait Added<N>: Copy {
    /// Adds to the slot's cell of this thread; `false` if it has none, or has no room.
    #[doc(hidden)]
    fn add(self, slot: u32) -> bool;

    /// Adds in any other case.
    #[doc(hidden)]
    fn add_cold(self, slot: u32);
}

/// A number whose addition may exceed the range of a sum, which is noticed then.
///
/// Numbers that are not checked are literals up to 65,536: their sum would exceed the range after
/// 2^47 additions by one thread that no collection sees in between.
#[derive(Clone, Copy, Debug)]
pub struct Checked<N>(pub N);

macro_rules! added {
    ($number:ident as $amount:ident, $to_bits:expr) => {
        impl Added<$number> for $number {
            #[inline]
            fn add(self, slot: u32) -> bool {
                thread::add(slot, $to_bits(self))
            }

            #[inline]
            fn add_cold(self, slot: u32) {
                thread::add_cold(slot, Amount::$amount(self));
            }
        }

        impl Added<$number> for Checked<$number> {
            #[inline]
            fn add(self, slot: u32) -> bool {
                thread::add_in_range(slot, Amount::$amount(self.0))
            }

            #[inline]
            fn add_cold(self, slot: u32) {
                thread::add_cold(slot, Amount::$amount(self.0));
            }
        }
    };
}

added!(u64 as Unsigned, core::convert::identity);
added!(i64 as Signed, i64::cast_unsigned);

/// Adds to the only series.
#[inline]
fn add<N>(series: &'static FixedSeries, n: impl Added<N>) {
    if !n.add(series.slot()) {
        add_cold(series, n);
    }
}

#[cold]
#[inline(never)]
fn add_cold<N>(series: &'static FixedSeries, n: impl Added<N>) {
    series.with_slot_cold(|slot| n.add_cold(slot));
}

/// Adds to the slot of a counter that a handle keeps.
#[inline]
pub(crate) fn add_to_slot(slot: u32, n: u64) {
    add_to_slot_of(slot, Checked(n));
}

/// Adds to the slot of an up-down counter that a handle keeps.
#[inline]
pub(crate) fn add_signed_to_slot(slot: u32, n: i64) {
    add_to_slot_of(slot, Checked(n));
}

#[inline]
fn add_to_slot_of<N>(slot: u32, n: impl Added<N>) {
    if !n.add(slot) {
        n.add_cold(slot);
    }
}

/// Adds 1 and returns the slot. If the thread is busy and there is no slot yet, nothing is added, since
/// the 1 could not be taken back.
#[cold]
#[inline(never)]
fn enter_cold(series: &'static FixedSeries) -> u32 {
    let slot = series.slot_cold();
    1_i64.add_cold(slot);
    slot
}

/// A counter whose dimensions are known at compile time.
pub struct Counter(FixedSeries);

constructors::fixed!(Counter: Counter);

impl Counter {
    /// Adds `n`.
    #[inline]
    pub fn add(&'static self, n: impl Added<u64>) {
        add(&self.0, n);
    }
}

/// Adds to the series of `values`.
#[inline]
fn add_to<S: DimensionSet, N>(series: &'static DynamicSeries, n: impl Added<N>, values: &S) {
    series.with_slot(values, move |slot, _| {
        if !n.add(slot) {
            n.add_cold(slot);
        }
    });
}

/// A counter with dimensions that are known at run time.
pub struct DimensionedCounter(DynamicSeries);

constructors::dynamic!(DimensionedCounter: Counter);

impl DimensionedCounter {
    /// Adds `n` to the series of `values`.
    #[inline]
    pub fn add<S: DimensionSet>(&'static self, n: impl Added<u64>, values: S) {
        add_to(&self.0, n, &values);
    }

    /// The slot of the first combination of values, if the combinations have consecutive slots.
    pub(super) fn first_slot<S: DimensionSet>(&self) -> Option<u32> {
        self.0.first_slot::<S>()
    }
}

/// An up-down counter whose dimensions are known at compile time.
pub struct UpDownCounter(FixedSeries);

constructors::fixed!(UpDownCounter: UpDownCounter);

impl UpDownCounter {
    /// Adds `n`, which may be negative.
    #[inline]
    pub fn add(&'static self, n: impl Added<i64>) {
        add(&self.0, n);
    }

    /// The slot, or [`NO_SLOT`](thread::NO_SLOT).
    pub(super) fn slot(&self) -> u32 {
        self.0.slot()
    }

    /// Adds 1 now and takes it back when the guard is dropped.
    #[inline]
    pub fn enter(&'static self) -> InFlight {
        let mut slot = self.0.slot();
        if !1_i64.add(slot) {
            slot = enter_cold(&self.0);
        }
        InFlight { slot }
    }
}

/// An up-down counter with dimensions that are known at run time.
pub struct DimensionedUpDownCounter(DynamicSeries);

constructors::dynamic!(DimensionedUpDownCounter: UpDownCounter);

impl DimensionedUpDownCounter {
    /// Adds `n`, which may be negative, to the series of `values`.
    #[inline]
    pub fn add<S: DimensionSet>(&'static self, n: impl Added<i64>, values: S) {
        add_to(&self.0, n, &values);
    }

    /// Adds 1 to the series of `values` now and takes it back when the guard is dropped.
    #[inline]
    pub fn enter<S: DimensionSet>(&'static self, values: S) -> InFlight {
        let slot = self.0.with_slot(&values, |slot, stay| {
            // Without a slot, the 1 could not be taken back.
            if stay != Stay::Unknown {
                add_to_slot_of(slot, 1_i64);
            }
            slot
        });
        InFlight { slot }
    }
}

/// A guard that has added 1 to an up-down counter, returned by
/// [`in_flight_guard!`](crate::in_flight_guard). Dropping the guard, on any thread, subtracts 1.
///
/// ```
/// use dt_metrics::in_flight_guard;
/// use dt_metrics::testing::capture_with;
///
/// let (seen, busy) = capture_with(|| in_flight_guard!("workers.busy"));
/// assert_eq!(seen.up_down_counter("workers.busy").value(), 1);
/// drop(busy); // 0
/// ```
// Series of up-down counters stay for ever, so the slot is valid as long as this lives.
#[must_use = "the guard takes its 1 back when it is dropped: bind it, as in \
              `let _busy = in_flight_guard!(\"name\");`"]
pub struct InFlight {
    slot: u32,
}

impl Drop for InFlight {
    #[inline]
    fn drop(&mut self) {
        if !(-1_i64).add(self.slot) {
            (-1_i64).add_cold(self.slot);
        }
    }
}

impl fmt::Debug for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlight").finish_non_exhaustive()
    }
}
