//! Counters.

use core::sync::atomic::{AtomicU32, Ordering};

use super::local::{self, NO_SLOT};
use super::series::Series;
use super::table::Table;
use super::value::Value;
use crate::descriptor::Descriptor;

/// A counter whose dimensions are known at compile time: one series, one slot.
pub struct Counter {
    slot: AtomicU32,
    descriptor: &'static Descriptor,
    values: Values,
}

enum Values {
    Literal(&'static [Value<'static>]),
    Computed(fn() -> Vec<Option<Value<'static>>>),
}

impl Counter {
    /// A counter with these values, in the order of the descriptor's keys.
    #[must_use]
    pub const fn new(descriptor: &'static Descriptor, values: &'static [Value<'static>]) -> Self {
        Self {
            slot: AtomicU32::new(NO_SLOT),
            descriptor,
            values: Values::Literal(values),
        }
    }

    /// A counter whose values are computed once, on first use.
    #[must_use]
    pub const fn resolved(
        descriptor: &'static Descriptor,
        values: fn() -> Vec<Option<Value<'static>>>,
    ) -> Self {
        Self {
            slot: AtomicU32::new(NO_SLOT),
            descriptor,
            values: Values::Computed(values),
        }
    }

    /// Adds `n`.
    #[inline]
    pub fn add(&'static self, n: u64) {
        let slot = self.slot.load(Ordering::Relaxed);
        if !local::add(slot, n) {
            self.add_cold(slot, n);
        }
    }

    #[cold]
    #[inline(never)]
    fn add_cold(&'static self, slot: u32, n: u64) {
        let slot = if slot == NO_SLOT {
            self.register()
        } else {
            slot
        };
        local::add_cold(slot, n);
    }

    fn register(&'static self) -> u32 {
        // Made before the lock is taken: computing values runs the user's code.
        let series = match &self.values {
            Values::Literal(values) => {
                Series::new(self.descriptor, values.iter().map(|v| Some(v.keep())))
            }
            Values::Computed(values) => {
                Series::new(self.descriptor, values().iter().map(|v| v.map(Value::keep)))
            }
        };
        local::register(
            || Some(self.slot.load(Ordering::Relaxed)).filter(|slot| *slot != NO_SLOT),
            || series,
            |slot| self.slot.store(slot, Ordering::Relaxed),
        )
    }
}

/// A counter with dimensions that are known only at run time.
pub struct DimensionedCounter {
    table: Table,
}

impl DimensionedCounter {
    /// A counter without series yet.
    #[must_use]
    pub const fn new(descriptor: &'static Descriptor) -> Self {
        Self {
            table: Table::new(descriptor),
        }
    }

    /// Adds `n` to the series of `values`, which are in the order of the descriptor's keys;
    /// `None` is no such dimension.
    pub fn add<const N: usize>(&'static self, n: u64, values: [Option<Value<'_>>; N]) {
        let slot = self.table.slot(&values);
        if !local::add(slot, n) {
            local::add_cold(slot, n);
        }
    }
}
