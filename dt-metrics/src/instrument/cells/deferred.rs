//! Measurements of a thread that was [busy](super::busy), until it is not any more.

use std::cell::Cell;

use super::busy;
use super::chunk::Amount;

/// The greatest number of deferred measurements of a thread. All additions to one series are one
/// measurement.
const MOST: usize = 24;

/// The greatest number of deferred values. Further values are lost, and counted.
const MOST_VALUES: usize = 16;

thread_local! {
    static DEFERRED: [Cell<Option<Deferred>>; MOST] =
        const { [const { Cell::new(None) }; MOST] };

    /// The series of the measurement that is about to be deferred, if it has no slot yet.
    static SERIES: Cell<Option<Target>> = const { Cell::new(None) };

    /// Whether deferred measurements are being done.
    static SETTLING: Cell<bool> = const { Cell::new(false) };
}

/// An instrument that finds the series of a deferred measurement.
pub(in crate::instrument) trait Late: Sync {
    /// The slot, and whether it is held until the caller lets go of it; `None` if there is none.
    fn late_slot(&'static self, key: Key) -> Option<(u32, bool)>;
}

/// Distinguishes the series of one instrument.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::instrument) enum Key {
    Only,
    /// The hash of the values.
    Hash(u64),
    /// The signature of the types, and the number of the combination.
    Index(u64, u32),
}

/// Where a measurement goes.
#[derive(Clone, Copy)]
pub(super) enum Target {
    Slot(u32),
    Series(&'static dyn Late, Key),
}

impl Target {
    fn is(self, other: Self) -> bool {
        match (self, other) {
            (Self::Slot(a), Self::Slot(b)) => a == b,
            (Self::Series(a, key), Self::Series(b, other)) => {
                core::ptr::addr_eq(a, b) && key == other
            }
            _ => false,
        }
    }
}

/// A deferred measurement.
#[derive(Clone, Copy)]
pub(super) enum Deferred {
    Added(Target, Amount),
    Value(Target, f64),
    /// The number of values that were lost.
    Lost(Target, u64),
}

/// Runs `f`, which measures for `NO_SLOT`, on behalf of a series that has no slot yet.
pub(in crate::instrument) fn on_behalf<R>(
    owner: &'static dyn Late,
    key: Key,
    f: impl FnOnce() -> R,
) -> R {
    SERIES.set(Some(Target::Series(owner, key)));
    let result = f();
    SERIES.set(None);
    result
}

/// The series of the [current](on_behalf) measurement without a slot, if there is one.
pub(super) fn take_series() -> Option<Target> {
    SERIES.take()
}

/// Defers an addition. If there are too many, it is not counted.
pub(super) fn add(target: Target, n: Amount, settle: fn()) {
    let place = place(MOST, |deferred| match deferred {
        Deferred::Added(other, before) if other.is(target) => Some(before),
        _ => None,
    });
    if let Some((place, before)) = place {
        put(
            place,
            Deferred::Added(target, before.map_or(n, |it| it.plus(n))),
        );
        busy::settle_later(settle);
    }
}

/// Defers a value.
pub(super) fn record(target: Target, value: f64, settle: fn()) {
    busy::settle_later(settle);
    if let Some((place, None::<()>)) = place(MOST_VALUES, |_| None) {
        put(place, Deferred::Value(target, value));
        return;
    }
    let place = place(MOST, |deferred| match deferred {
        Deferred::Lost(other, values) if other.is(target) => Some(values),
        _ => None,
    });
    if let Some((place, before)) = place {
        put(place, Deferred::Lost(target, before.unwrap_or(0) + 1));
    }
}

/// Passes each deferred measurement to `each`, including measurements that are deferred meanwhile. A
/// measurement for which `each` returns `false` stays deferred.
pub(super) fn settle(each: impl Fn(Deferred) -> bool) -> Settled {
    if SETTLING.replace(true) {
        return Settled::All;
    }
    let mut kept = Settled::All;
    let mut goes_on = true;
    while goes_on {
        goes_on = false;
        kept = Settled::All;
        for cell in 0..MOST {
            let Some(deferred) = take(cell) else { continue };
            if each(deferred) {
                goes_on = true;
            } else {
                kept = Settled::Some;
                // The place may have been taken meanwhile.
                if let Some((place, None::<()>)) = place(MOST, |_| None) {
                    put(place, deferred);
                }
            }
        }
    }
    SETTLING.set(false);
    kept
}

/// Whether everything that was deferred is done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Settled {
    All,
    Some,
}

fn take(place: usize) -> Option<Deferred> {
    DEFERRED.with(|all| all.get(place)?.take())
}

/// Among the first `most` places, the first place that is free or whose content `same` accepts.
fn place<T>(most: usize, same: impl Fn(Deferred) -> Option<T>) -> Option<(usize, Option<T>)> {
    DEFERRED.with(|all| {
        let mut free = None;
        for (place, deferred) in all.iter().enumerate() {
            match deferred.get().map(&same) {
                Some(Some(content)) => return Some((place, Some(content))),
                None if place < most => {
                    free.get_or_insert(place);
                }
                _ => {}
            }
        }
        Some((free?, None))
    })
}

fn put(place: usize, deferred: Deferred) {
    DEFERRED.with(|all| {
        if let Some(cell) = all.get(place) {
            cell.set(Some(deferred));
        }
    });
}
