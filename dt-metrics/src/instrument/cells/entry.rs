//! The series that has a slot, and how long it keeps the slot.

/// Epochs without a measurement after which a series retires.
const IDLE_EPOCHS: u8 = 2;

/// A slot and its series.
pub(crate) struct Entry<S> {
    pub(crate) series: S,
    /// Distinguishes the series that use one slot one after another.
    pub(crate) id: u64,
    /// The sum of the cells when the slot was given to this series: the total of the series before.
    pub(super) origin: u64,
    lifetime: Lifetime,
    /// Threads that have cached this slot.
    holders: u32,
    /// Handles that keep the series, each with its clones.
    bound: u32,
    /// Epochs without a measurement.
    idle: u8,
}

/// How long a series keeps its slot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Lifetime {
    /// As long as the program runs.
    Static,
    /// Until it was idle for [some epochs](super::slots::SlotTable::end_epoch).
    WhileUsed,
    /// Until the last measurement under way is done.
    Retired,
}

impl<S> Entry<S> {
    pub(super) fn new(series: S, id: u64, origin: u64, lifetime: Lifetime) -> Self {
        Self {
            series,
            id,
            origin,
            lifetime,
            holders: 0,
            bound: 0,
            idle: 0,
        }
    }

    pub(super) fn is_retired(&self) -> bool {
        self.lifetime == Lifetime::Retired
    }

    /// Notes a measurement.
    pub(super) fn measured(&mut self) {
        self.idle = 0;
    }

    /// Notes that a thread keeps the slot; `false` if the series has retired.
    pub(super) fn hold(&mut self) -> bool {
        if !self.is_retired() {
            self.holders += 1;
            self.idle = 0;
        }
        !self.is_retired()
    }

    /// Takes a [`hold`](Self::hold) back.
    pub(super) fn let_go(&mut self) {
        self.holders = self.holders.saturating_sub(1);
    }

    /// Notes a handle that keeps the series; `false` if the series has retired.
    pub(super) fn bind(&mut self) -> bool {
        if !self.is_retired() {
            self.bound += 1;
        }
        !self.is_retired()
    }

    /// Takes a [`bind`](Self::bind) back; returns whether it was the last one.
    pub(super) fn unbind(&mut self) -> bool {
        self.bound = self.bound.saturating_sub(1);
        self.idle = 0;
        self.bound == 0
    }

    /// Ends an epoch of a series that has retired; returns whether its slot is free now. It is not while
    /// timers run, which `is_pinned` states.
    pub(super) fn ends(&mut self, is_pinned: bool) -> bool {
        let is_unused = self.idle > 0 && self.holders == 0 && !is_pinned;
        // Twice, since a timer first records and then unpins: if it is unpinned in one epoch,
        // its value is taken out in the next.
        let ends = is_unused && self.idle > 1;
        self.idle = if is_unused { 2 } else { 1 };
        ends
    }

    /// Ends an epoch of a series that has not retired; returns whether it was idle for so long that it
    /// should retire.
    pub(super) fn idles(&mut self) -> bool {
        if self.lifetime != Lifetime::WhileUsed || self.bound > 0 {
            return false;
        }
        self.idle = self.idle.saturating_add(1);
        self.idle > IDLE_EPOCHS
    }

    pub(super) fn retire(&mut self) {
        self.lifetime = Lifetime::Retired;
        self.idle = 1;
    }
}
