//! An instrument whose dimensions are known at compile time: one series, one slot.

use core::sync::atomic::{AtomicU32, Ordering};

use crate::descriptor::{Descriptor, Kind, SeriesCount};
use crate::instrument::cells::busy;
use crate::instrument::cells::deferred::{Key, Late, on_behalf};
use crate::instrument::cells::entry::Lifetime;
use crate::instrument::cells::sink;
use crate::instrument::cells::store::{SLOTS, Series, SeriesOwner};
use crate::instrument::cells::thread::NO_SLOT;
use crate::instrument::dimension::set::KeptSet;
use crate::instrument::dimension::value::{OwnedValue, Value};

/// The series of an instrument that has only one.
pub(crate) struct FixedSeries {
    slot: AtomicU32,
    values: Values,
    descriptor: Descriptor,
}

enum Values {
    Literal(&'static [Value<'static>]),
    Optional(&'static [Option<Value<'static>>]),
    Computed(fn() -> Vec<Option<Value<'static>>>),
}

impl FixedSeries {
    pub(crate) const fn new(descriptor: Descriptor, values: &'static [Value<'static>]) -> Self {
        Self {
            slot: AtomicU32::new(NO_SLOT),
            values: Values::Literal(values),
            descriptor: descriptor.with_series(SeriesCount::AtMost(1)),
        }
    }

    pub(crate) const fn optional(
        descriptor: Descriptor,
        values: &'static [Option<Value<'static>>],
    ) -> Self {
        Self {
            slot: AtomicU32::new(NO_SLOT),
            values: Values::Optional(values),
            descriptor: descriptor.with_series(SeriesCount::AtMost(1)),
        }
    }

    pub(crate) const fn resolved(
        descriptor: Descriptor,
        values: fn() -> Vec<Option<Value<'static>>>,
    ) -> Self {
        Self {
            slot: AtomicU32::new(NO_SLOT),
            values: Values::Computed(values),
            descriptor: descriptor.with_series(SeriesCount::AtMost(1)),
        }
    }

    pub(crate) const fn descriptor(&'static self) -> &'static Descriptor {
        &self.descriptor
    }

    /// The slot, if the series was used before; else [`NO_SLOT`], for which no thread has a cell.
    #[inline]
    pub(crate) fn slot(&self) -> u32 {
        self.slot.load(Ordering::Relaxed)
    }

    /// The slot, looked up on the hit path.
    #[inline]
    pub(crate) fn known_slot(&'static self) -> u32 {
        match self.slot() {
            NO_SLOT => self.slot_cold(),
            slot => slot,
        }
    }

    /// Runs `f` with the slot, made on first use; on behalf of this series with [`NO_SLOT`] if this
    /// thread is busy.
    #[cold]
    #[inline(never)]
    pub(crate) fn with_slot_cold<R>(&'static self, f: impl FnOnce(u32) -> R) -> R {
        match self.slot_cold() {
            NO_SLOT => on_behalf(self, Key::Only, || f(NO_SLOT)),
            slot => f(slot),
        }
    }

    /// The slot, made on first use; [`NO_SLOT`] if this thread is busy.
    #[cold]
    #[inline(never)]
    pub(crate) fn slot_cold(&'static self) -> u32 {
        let slot = self.slot();
        if slot != NO_SLOT {
            return slot;
        }
        let Some(_busy) = busy::enter() else {
            return NO_SLOT;
        };
        // Made before the lock is taken: computing values runs the user's code.
        let computed = match &self.values {
            Values::Literal(_) | Values::Optional(_) => KeptSet::default(),
            Values::Computed(values) => values()
                .into_iter()
                .map(|value| value.map(Value::keep_literal))
                .collect(),
        };
        let series = Series::new(&self.descriptor, self, computed);
        let mut slots = SLOTS.lock();
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

impl SeriesOwner for FixedSeries {
    fn dimensions(
        &self,
        computed: &[Option<OwnedValue>],
        each: &mut dyn FnMut(&'static str, OwnedValue),
    ) {
        for (index, key) in self.descriptor.dimension_keys.iter().enumerate() {
            let value = match &self.values {
                Values::Literal(values) => values.get(index).map(|value| value.keep_literal()),
                Values::Optional(values) => {
                    let value = values.get(index).copied().flatten();
                    value.map(Value::keep_literal)
                }
                Values::Computed(_) => computed.get(index).cloned().flatten(),
            };
            if let Some(value) = value {
                each(key, value);
            }
        }
    }

    /// Its series stays.
    fn forget(&self, _: &[u32]) {}
}

impl Late for FixedSeries {
    fn late_slot(&'static self, _: Key) -> Option<(u32, bool)> {
        match self.slot_cold() {
            NO_SLOT => None,
            slot => Some((slot, false)),
        }
    }
}
