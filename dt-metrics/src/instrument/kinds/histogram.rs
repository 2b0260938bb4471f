//! Distributions: histograms and their timers.
#![allow(
    clippy::needless_pass_by_value,
    reason = "sets are lists of references"
)]

use core::fmt;
use core::time::Duration;

use super::clock::{self, Start};
use super::constructors;
use crate::descriptor::{Descriptor, Kind, Registered};
use crate::instrument::cells::chunk::Amount;
use crate::instrument::cells::thread::{self, NO_SLOT};
use crate::instrument::dimension::set::DimensionSet;
use crate::instrument::dimension::value::Value;
use crate::instrument::series::dynamic::{DynamicSeries, Stay};
use crate::instrument::series::fixed::FixedSeries;

/// A histogram whose dimensions are known at compile time.
pub struct Histogram(FixedSeries);

constructors::fixed!(Histogram: Histogram);

impl Histogram {
    /// Records `value`. NaN and infinities are dropped, and counted.
    #[inline]
    pub fn record(&'static self, value: f64) {
        match self.0.slot() {
            NO_SLOT => record_first(&self.0, value),
            slot => record(slot, value),
        }
    }

    /// Starts a timer that records, when it is dropped, the time in units of `nanoseconds`.
    #[inline]
    pub fn start(&'static self, nanoseconds: f64) -> Timer {
        Timer {
            slot: self.0.known_slot(),
            pinned: false,
            unit: 1.0 / nanoseconds,
            start: clock::start(),
        }
    }
}

/// A histogram with dimensions that are known at run time.
pub struct DimensionedHistogram(DynamicSeries);

constructors::dynamic!(DimensionedHistogram: Histogram);

impl DimensionedHistogram {
    /// Records `value` in the series of `values`.
    #[inline]
    pub fn record<S: DimensionSet>(&'static self, value: f64, values: S) {
        // Values recorded before the thread lets go of the slot are taken out before the slot is
        // given to another series.
        self.0
            .with_slot(&values, move |slot, stay| record_while(slot, stay, value));
    }

    /// The slot of the first combination of values, if the combinations have consecutive slots.
    pub(super) fn first_slot<S: DimensionSet>(&self) -> Option<u32> {
        self.0.first_slot::<S>()
    }

    /// Starts a timer as [`Histogram::start`] does, for the series of `values`.
    #[inline]
    pub fn start<S: DimensionSet>(&'static self, nanoseconds: f64, values: S) -> Timer {
        let (slot, pinned) = self.0.with_slot(&values, |slot, stay| {
            let pinned = stay == Stay::ForNow;
            if pinned {
                pin(slot);
            }
            (slot, pinned)
        });
        Timer {
            slot,
            pinned,
            unit: 1.0 / nanoseconds,
            start: clock::start(),
        }
    }
}

/// A running timer, returned by [`timer!`](crate::timer). Dropping the timer, on any thread, records the
/// elapsed time in the unit of the histogram.
///
/// ```
/// use dt_metrics::testing::capture_with;
/// use dt_metrics::timer;
///
/// let (seen, elapsed) = capture_with(|| {
///     let timer = timer!("db.query", dims(table = "orders"), unit = "ms");
///     timer.stop()
/// });
/// assert_eq!(seen.histogram("db.query").count(), 1);
/// assert!((seen.histogram("db.query").sum() - elapsed.as_secs_f64() * 1e3).abs() < 1e-6);
/// ```
// Its series stays as long as the timer lives: the sum of the series' cells is the number of its
// timers.
#[must_use = "a timer records when it is dropped: bind it, as in `let _timer = timer!(\"name\");`"]
pub struct Timer {
    slot: u32,
    pinned: bool,
    /// One nanosecond, in the unit of the instrument.
    unit: f64,
    start: Start,
}

impl Timer {
    /// Stops the timer: records the elapsed time, and returns it.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::must_use_candidate,
        reason = "the time since a start is not negative, 584 years fit, and it is recorded"
    )]
    pub fn stop(self) -> Duration {
        let elapsed = self.start.elapsed();
        self.record(elapsed);
        core::mem::forget(self);
        Duration::from_nanos(elapsed as u64)
    }

    /// Ends the timer without recording the elapsed time.
    ///
    /// ```
    /// use dt_metrics::testing::capture;
    /// use dt_metrics::timer;
    ///
    /// let seen = capture(|| timer!("cache.load").discard());
    /// assert_eq!(seen.histogram("cache.load").count(), 0);
    /// ```
    pub fn discard(self) {
        self.let_go();
        core::mem::forget(self);
    }

    /// Records a time in nanoseconds.
    #[inline]
    fn record(&self, elapsed: f64) {
        record(self.slot, elapsed * self.unit);
        self.let_go();
    }

    #[inline]
    fn let_go(&self) {
        if self.pinned {
            unpin(self.slot);
        }
    }
}

impl Drop for Timer {
    #[inline]
    fn drop(&mut self) {
        self.record(self.start.elapsed());
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer").finish_non_exhaustive()
    }
}

/// Records a value for the slot. NaN and infinities are dropped, and counted.
#[inline]
pub(crate) fn record(slot: u32, value: f64) {
    if value.is_finite() {
        thread::record(slot, value);
    } else {
        thread::note_not_finite(slot);
    }
}

/// Records a value while `slot` is the slot of its series, or later if that is not known yet.
#[inline]
fn record_while(slot: u32, stay: Stay, value: f64) {
    if stay == Stay::Unknown {
        if value.is_finite() {
            thread::record_late(value);
        }
    } else {
        record(slot, value);
    }
}

/// Records the first value of the only series.
#[cold]
#[inline(never)]
fn record_first(series: &'static FixedSeries, value: f64) {
    series.with_slot_cold(|slot| match slot {
        NO_SLOT => record_while(slot, Stay::Unknown, value),
        slot => record(slot, value),
    });
}

#[inline]
fn pin(slot: u32) {
    if !thread::add(slot, 1) {
        thread::add_cold(slot, Amount::Signed(1));
    }
}

/// To be called after the value was recorded: whoever sees the series unpinned also sees the value.
#[inline]
fn unpin(slot: u32) {
    let minus_one = (-1_i64).cast_unsigned();
    if !thread::add_release(slot, minus_one) {
        thread::add_cold(slot, Amount::Signed(-1));
    }
}
