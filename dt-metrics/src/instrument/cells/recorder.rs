//! Recorders of captures: each keeps the measurements of the threads that it watches.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use super::busy::{self, Mutex, MutexGuard};
use super::chunk::Amount;
use super::slots::{SlotTable, Watched};
use super::store::{SLOTS, Series};
use crate::descriptor::Descriptor;
use crate::instrument::dimension::value::OwnedValue;

thread_local! {
    /// The recorders that watch this thread, the outermost capture's first.
    static WATCHING: RefCell<Vec<Arc<Recorder>>> = const { RefCell::new(Vec::new()) };
}

/// The measurements of one capture; `None` after the capture has ended.
pub(crate) struct Recorder(Mutex<Option<Recorded>>);

/// Everything that was measured during a capture.
#[derive(Clone, Default)]
pub(crate) struct Recorded {
    /// In the order of their first measurement.
    pub(crate) series: Vec<RecordedSeries>,
    /// Values of histograms and gauges, in the order recorded, each with the index of its series.
    pub(crate) values: Vec<(usize, f64)>,
    /// The number of a series → its index.
    indices: HashMap<u64, usize>,
}

/// One series. It is copied now, since its slot may be another's later.
#[derive(Clone)]
pub(crate) struct RecordedSeries {
    pub(crate) descriptor: &'static Descriptor,
    pub(crate) dimensions: Box<[(&'static str, OwnedValue)]>,
    /// The sum of all that was added.
    pub(crate) sum: i128,
}

/// A measurement.
#[derive(Clone, Copy)]
pub(super) enum Measurement {
    /// Added to a cell.
    Added(Amount),
    /// A value of a histogram or a gauge.
    Value(f64),
}

impl Recorder {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(Recorded::default()))))
    }

    /// Ends the capture: it does not see later measurements.
    pub(crate) fn finish(&self) -> Recorded {
        self.lock().take().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Recorded>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorded {
    /// Everything that all threads measured.
    pub(crate) fn of_all(watched: &Watched, slots: &SlotTable<Series>) -> Self {
        let mut recorded = Self::default();
        for (slot, entry) in slots.entries() {
            let sum = watched.sums.get(slot as usize).copied().unwrap_or(0);
            if sum != 0 && !entry.series.counts_timers() {
                let index = recorded.index(entry.id, &entry.series);
                recorded.series[index].sum = sum;
            }
        }
        for (slot, value) in &watched.values {
            if let Some(entry) = slots.entry(*slot) {
                let index = recorded.index(entry.id, &entry.series);
                recorded.values.push((index, *value));
            }
        }
        recorded
    }

    fn index(&mut self, id: u64, series: &Series) -> usize {
        *self.indices.entry(id).or_insert_with(|| {
            self.series.push(RecordedSeries {
                descriptor: series.descriptor,
                dimensions: series.dimensions().into(),
                sum: 0,
            });
            self.series.len() - 1
        })
    }
}

/// The recorders that watch this thread.
pub(crate) fn watching() -> Vec<Arc<Recorder>> {
    let _busy = busy::enter();
    WATCHING
        .try_with(|watching| watching.borrow().clone())
        .unwrap_or_default()
}

/// Runs `f` with the recorders that watch this thread; `None` late in the life of the thread, when
/// its storage is gone and nothing is seen.
pub(crate) fn with_watching<R>(f: impl FnOnce(&mut Vec<Arc<Recorder>>) -> R) -> Option<R> {
    let _busy = busy::enter();
    WATCHING
        .try_with(|watching| f(&mut watching.borrow_mut()))
        .ok()
}

/// Notes a measurement of this thread. The slot must still be the slot of that series.
pub(super) fn note(slot: u32, measurement: Measurement) {
    let note = |watching: &RefCell<Vec<Arc<Recorder>>>| {
        let slots = SLOTS.lock();
        let Some(entry) = slots.entry(slot) else {
            return;
        };
        if entry.series.counts_timers() && matches!(measurement, Measurement::Added(_)) {
            return;
        }
        for recorder in &*watching.borrow() {
            let mut recorded = recorder.lock();
            let Some(recorded) = recorded.as_mut() else {
                continue;
            };
            let index = recorded.index(entry.id, &entry.series);
            match measurement {
                Measurement::Added(n) => {
                    let sum = &mut recorded.series[index].sum;
                    *sum = sum.saturating_add(n.exact());
                }
                Measurement::Value(value) => recorded.values.push((index, value)),
            }
        }
    };
    WATCHING.try_with(note).ok();
}
