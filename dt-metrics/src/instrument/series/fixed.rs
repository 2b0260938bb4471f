//! An instrument whose dimensions are known at compile time: one series, one slot.

use core::sync::atomic::{AtomicU32, Ordering};

use super::local::{self, NO_SLOT};
use super::series::Series;
use super::sink;
use super::slots::Lifetime;
use super::value::Value;
use crate::descriptor::{Descriptor, Kind};

/// The series of an instrument that has one only.
pub(super) struct One {
    slot: AtomicU32,
    values: Values,
    descriptor: Descriptor,
}

enum Values {
    Literal(&'static [Value<'static>]),
    Computed(fn() -> Vec<Option<Value<'static>>>),
}

impl One {
    pub(super) const fn new(descriptor: Descriptor, values: &'static [Value<'static>]) -> Self {
        Self {
            slot: AtomicU32::new(NO_SLOT),
            values: Values::Literal(values),
            descriptor,
        }
    }

    pub(super) const fn resolved(
        descriptor: Descriptor,
        values: fn() -> Vec<Option<Value<'static>>>,
    ) -> Self {
        Self {
            slot: AtomicU32::new(NO_SLOT),
            values: Values::Computed(values),
            descriptor,
        }
    }

    pub(super) const fn descriptor(&'static self) -> &'static Descriptor {
        &self.descriptor
    }

    /// The slot, if the series was used before; else a number that no thread has a cell for.
    #[inline]
    pub(super) fn slot(&self) -> u32 {
        self.slot.load(Ordering::Relaxed)
    }

    /// The slot.
    #[inline]
    pub(super) fn known_slot(&'static self) -> u32 {
        match self.slot() {
            NO_SLOT => self.slot_cold(),
            slot => slot,
        }
    }

    /// The slot, made on first use.
    #[cold]
    #[inline(never)]
    pub(super) fn slot_cold(&'static self) -> u32 {
        let slot = self.slot();
        if slot != NO_SLOT {
            return slot;
        }
        // Made before the lock is taken: computing values runs the user's code.
        let series = match &self.values {
            Values::Literal(values) => {
                Series::new(&self.descriptor, values.iter().map(|v| Some(v.keep())))
            }
            Values::Computed(values) => Series::new(
                &self.descriptor,
                values().iter().map(|v| v.map(Value::keep)),
            ),
        };
        let mut slots = local::SLOTS.lock();
        // Another thread may have been faster.
        if self.slot() == NO_SLOT
            && let Some(slot) = slots.register(series, Lifetime::Static)
        {
            self.slot.store(slot, Ordering::Relaxed);
        }
        drop(slots);
        let slot = self.slot();
        if self.descriptor.kind == Kind::Histogram {
            sink::prepare(slot);
        }
        slot
    }
}
