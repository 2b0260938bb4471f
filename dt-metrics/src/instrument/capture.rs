//! What a thread measures while somebody watches.
//!
//! While a capture is under way, its thread seems to have no cells and no buffer: each call takes
//! the cold path, which tells here what is measured. So calls that nobody watches pay nothing.

use core::marker::PhantomData;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::local::{self, SLOTS};
use super::series::Series;
use super::value::OwnedValue;
use crate::descriptor::{Descriptor, Kind};

thread_local! {
    /// The captures that are under way on this thread, the outermost first.
    static ACTIVE: RefCell<Vec<Arc<Recorder>>> = const { RefCell::new(Vec::new()) };
}

/// Where one capture keeps what it sees; `None` when it is over.
pub(crate) struct Recorder(Mutex<Option<Recorded>>);

/// What was measured.
#[derive(Clone, Default)]
pub(crate) struct Recorded {
    /// In the order of their first measurement.
    pub(crate) series: Vec<Seen>,
    /// Recorded values and those that gauges were set to, in order, and the places of their
    /// series.
    pub(crate) values: Vec<(usize, f64)>,
    /// Number of the series → its place.
    places: HashMap<u64, usize>,
}

/// One series. It is named now, since its slot may be another's later.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) descriptor: &'static Descriptor,
    pub(crate) dimensions: Box<[(&'static str, OwnedValue)]>,
    /// What was added.
    pub(crate) sum: u64,
}

impl Recorder {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(Recorded::default()))))
    }

    /// Ends the capture: what is measured for it from now on is not seen.
    pub(crate) fn finish(&self) -> Recorded {
        self.lock().take().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Recorded>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorded {
    fn place(&mut self, id: u64, series: &Series) -> usize {
        *self.places.entry(id).or_insert_with(|| {
            self.series.push(Seen {
                descriptor: series.descriptor,
                dimensions: series.dimensions.clone(),
                sum: 0,
            });
            self.series.len() - 1
        })
    }
}

/// The captures that are under way on this thread.
pub(crate) fn current() -> Vec<Arc<Recorder>> {
    ACTIVE
        .try_with(|active| active.borrow().clone())
        .unwrap_or_default()
}

/// Lets `recorders` see what this thread measures until the guard goes. One that sees it already
/// does not see it twice.
pub(crate) fn watch(recorders: &[Arc<Recorder>]) -> Watch {
    let before = ACTIVE.try_with(|active| {
        let mut active = active.borrow_mut();
        let before = active.len();
        for recorder in recorders {
            if !active.iter().any(|other| Arc::ptr_eq(other, recorder)) {
                active.push(Arc::clone(recorder));
            }
        }
        local::set_captured(!active.is_empty());
        before
    });
    Watch {
        // Without storage, late in the life of the thread, nothing is seen.
        before: before.unwrap_or(0),
        on_this_thread: PhantomData,
    }
}

/// Ends what [`watch`] began. Guards of one thread go in the opposite order of their coming.
pub(crate) struct Watch {
    before: usize,
    on_this_thread: PhantomData<*const ()>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        let truncate = |active: &RefCell<Vec<_>>| {
            let mut active = active.borrow_mut();
            active.truncate(self.before);
            local::set_captured(!active.is_empty());
        };
        ACTIVE.try_with(truncate).ok();
    }
}

/// A measurement.
#[derive(Clone, Copy)]
pub(super) enum Measured {
    /// What was added to a cell.
    Added(u64),
    /// A value of a distribution or a gauge.
    Value(f64),
}

/// Notes a measurement of this thread. The slot must still be that of the series.
pub(super) fn note(slot: u32, measured: Measured) {
    let note = |active: &RefCell<Vec<Arc<Recorder>>>| {
        let slots = SLOTS.lock();
        let Some(entry) = slots.entry(slot) else {
            return;
        };
        // The cells of a histogram count its timers.
        let timer = entry.series.descriptor.kind == Kind::Histogram;
        if timer && matches!(measured, Measured::Added(_)) {
            return;
        }
        for recorder in &*active.borrow() {
            let mut recorded = recorder.lock();
            let Some(recorded) = recorded.as_mut() else {
                continue;
            };
            let place = recorded.place(entry.id, &entry.series);
            match measured {
                Measured::Added(n) => {
                    let sum = &mut recorded.series[place].sum;
                    *sum = sum.wrapping_add(n);
                }
                Measured::Value(value) => recorded.values.push((place, value)),
            }
        }
    };
    ACTIVE.try_with(note).ok();
}
