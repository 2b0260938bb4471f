//! Handles of the facade's macros. Their instruments are built at the first use, so that a
//! description may follow the registration.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use dt_metrics::instrument::{Counter, Gauge, Histogram};
use metrics::{CounterFn, GaugeFn, HistogramFn, Key};

use crate::describe::{Descriptions, Instrument};
use crate::store::Handle;

/// An instrument with one series, and whether it was used.
struct Series<I> {
    key: Key,
    descriptions: Arc<Descriptions>,
    /// Empty before the first use; `None` if it cannot be built.
    instrument: OnceLock<Option<I>>,
    is_used: AtomicBool,
}

impl<I: Instrument> Series<I> {
    fn new(key: &Key, descriptions: &Arc<Descriptions>) -> Self {
        Self {
            key: key.to_retained(),
            descriptions: Arc::clone(descriptions),
            instrument: OnceLock::new(),
            is_used: AtomicBool::new(false),
        }
    }

    fn get(&self) -> Option<&I> {
        // Read first: threads that use it at the same time share the cache line.
        if !self.is_used.load(Ordering::Relaxed) {
            self.is_used.store(true, Ordering::Relaxed);
        }
        let build = || self.descriptions.build(&self.key);
        self.instrument.get_or_init(build).as_ref()
    }

    fn take_used(&self) -> bool {
        self.is_used.swap(false, Ordering::Relaxed)
    }
}

/// A counter, with its total for `absolute`.
pub(crate) struct CounterHandle {
    series: Series<Counter>,
    total: AtomicU64,
}

impl CounterHandle {
    pub(crate) fn new(key: &Key, descriptions: &Arc<Descriptions>) -> Self {
        Self {
            series: Series::new(key, descriptions),
            total: AtomicU64::new(0),
        }
    }

    fn add(&self, value: u64) {
        if let Some(counter) = self.series.get() {
            counter.add(value);
        }
    }
}

impl CounterFn for CounterHandle {
    fn increment(&self, value: u64) {
        self.total.fetch_add(value, Ordering::Relaxed);
        self.add(value);
    }

    fn absolute(&self, value: u64) {
        let previous = self.total.fetch_max(value, Ordering::Relaxed);
        // Nothing is added if the total is higher, but the series is in use.
        self.add(value.saturating_sub(previous));
    }
}

/// A gauge, with its value for `increment` and `decrement`.
pub(crate) struct GaugeHandle {
    series: Series<Gauge>,
    value: Mutex<f64>,
}

impl GaugeHandle {
    pub(crate) fn new(key: &Key, descriptions: &Arc<Descriptions>) -> Self {
        Self {
            series: Series::new(key, descriptions),
            value: Mutex::new(0.0),
        }
    }

    /// Locked until the value is set, so that the last change is the value.
    fn change(&self, change: impl FnOnce(f64) -> f64) {
        let mut value = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        *value = change(*value);
        if let Some(gauge) = self.series.get() {
            gauge.set(*value);
        }
    }
}

impl GaugeFn for GaugeHandle {
    fn increment(&self, by: f64) {
        self.change(|value| value + by);
    }

    fn decrement(&self, by: f64) {
        self.change(|value| value - by);
    }

    fn set(&self, value: f64) {
        self.change(|_| value);
    }
}

/// A histogram.
pub(crate) struct HistogramHandle(Series<Histogram>);

impl HistogramHandle {
    pub(crate) fn new(key: &Key, descriptions: &Arc<Descriptions>) -> Self {
        Self(Series::new(key, descriptions))
    }
}

impl HistogramFn for HistogramHandle {
    fn record(&self, value: f64) {
        if let Some(histogram) = self.0.get() {
            histogram.record(value);
        }
    }

    fn record_many(&self, value: f64, count: usize) {
        if let Some(histogram) = self.0.get() {
            for _ in 0..count {
                histogram.record(value);
            }
        }
    }
}

impl Handle for CounterHandle {
    fn take_used(&self) -> bool {
        self.series.take_used()
    }
}

impl Handle for GaugeHandle {
    fn take_used(&self) -> bool {
        self.series.take_used()
    }
}

impl Handle for HistogramHandle {
    fn take_used(&self) -> bool {
        self.0.take_used()
    }
}
