//! A series that handles hold: it keeps its slot as long as one of them lives.

use super::dynamic::DynamicSeries;
use crate::descriptor::Kind;
use crate::instrument::cells::busy;
use crate::instrument::cells::sink;
use crate::instrument::cells::store::SLOTS;
use crate::instrument::cells::thread::NO_SLOT;
use crate::instrument::dimension::set::OwnedSet;
use crate::instrument::dimension::value::OwnedValue;

/// A bound series. When it is dropped, everything that its handles measured happened before, so the
/// drain that retires the series sees all of it.
pub(crate) struct Bound {
    slot: u32,
    /// The overflow series stays in any case.
    is_bound: bool,
}

impl Bound {
    /// The slot of the series.
    pub(crate) fn slot(&self) -> u32 {
        self.slot
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        if self.is_bound {
            let mut slots = SLOTS.lock();
            if slots.unbind(self.slot)
                && let Some(series) = slots.series_mut(self.slot)
            {
                series.is_ended = true;
            }
        }
    }
}

impl DynamicSeries {
    /// Binds the series of `values`.
    pub(crate) fn bind(&'static self, values: &[Option<OwnedValue>]) -> Bound {
        let values = OwnedSet(values);
        let (slot, is_bound) = loop {
            let Some(hash) = Self::hash(&values) else {
                break (NO_SLOT, false);
            };
            let (slot, held) = {
                let _busy = busy::enter();
                self.slot(hash, &values)
            };
            if held.is_none() {
                break (slot, false);
            }
            let mut slots = SLOTS.lock();
            // If it has retired just now, the next attempt makes another one.
            if slots.bind(slot) {
                if let Some(series) = slots.series_mut(slot) {
                    series.is_ended = false;
                }
                break (slot, true);
            }
        };
        if self.descriptor().kind == Kind::Histogram {
            sink::prepare(slot);
        }
        Bound { slot, is_bound }
    }

    /// Ends the value of a gauge with these dimensions, if it has one.
    pub(crate) fn end(&'static self, values: &[Option<OwnedValue>]) {
        let values = OwnedSet(values);
        let slot = Self::hash(&values).and_then(|hash| self.known(hash, &values));
        let Some(slot) = slot else {
            return;
        };
        if let Some(series) = SLOTS.lock().series_mut(slot) {
            series.values_mut().last = None;
            series.is_set = false;
        }
    }
}
