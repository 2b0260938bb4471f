//! The recorder itself, and the end of idle series.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use dt_metrics::{instrument, observed};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};

use crate::describe::Descriptions;
use crate::handle::{CounterHandle, GaugeHandle, HistogramHandle};
use crate::store::Store;

/// A recorder of the facade. It sends its values together with the program's other metrics of dt-metrics.
///
/// Build a recorder with [`builder`](crate::builder()). Clones of a recorder share their series.
#[derive(Clone)]
pub struct Recorder(Arc<State>);

#[derive(Default)]
struct State {
    descriptions: Arc<Descriptions>,
    counters: Store<CounterHandle>,
    gauges: Store<GaugeHandle>,
    histograms: Store<HistogramHandle>,
    idle_timeout: Duration,
    gauges_end: bool,
}

impl State {
    /// Ends idle series; returns the number of the remaining series.
    fn sweep(&self, now: Instant) -> usize {
        let timeout = Some(self.idle_timeout);
        self.counters.sweep(now, timeout)
            + self.histograms.sweep(now, timeout)
            + self.gauges.sweep(now, timeout.filter(|_| self.gauges_end))
    }
}

/// All recorders that are in use.
static RECORDERS: Mutex<Vec<Weak<State>>> = Mutex::new(Vec::new());

impl Recorder {
    pub(crate) fn new(idle_timeout: Duration, gauges_end: bool) -> Self {
        let state = Arc::new(State {
            idle_timeout,
            gauges_end,
            ..State::default()
        });
        let mut recorders = RECORDERS.lock().unwrap_or_else(PoisonError::into_inner);
        recorders.push(Arc::downgrade(&state));
        Self(state)
    }
}

/// Series of the facade `metrics` that are kept; `None` without a recorder. Once per push, it ends
/// idle series.
#[observed(name = "dt_metrics_recorder.series", unit = "{series}")]
fn series() -> Option<usize> {
    let states: Vec<_> = {
        let mut recorders = RECORDERS.lock().unwrap_or_else(PoisonError::into_inner);
        recorders.retain(|state| state.strong_count() > 0);
        recorders.iter().filter_map(Weak::upgrade).collect()
    };
    let now = Instant::now();
    let series = states.iter().map(|state| state.sweep(now)).sum();
    (!states.is_empty()).then_some(series)
}

impl metrics::Recorder for Recorder {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        let descriptions = &self.0.descriptions;
        descriptions.add::<instrument::Counter>(key.as_str(), unit, &description);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        let descriptions = &self.0.descriptions;
        descriptions.add::<instrument::Gauge>(key.as_str(), unit, &description);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        let descriptions = &self.0.descriptions;
        descriptions.add::<instrument::Histogram>(key.as_str(), unit, &description);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let State {
            counters,
            descriptions,
            ..
        } = &*self.0;
        Counter::from_arc(counters.get(key, || CounterHandle::new(key, descriptions)))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        let State {
            gauges,
            descriptions,
            ..
        } = &*self.0;
        Gauge::from_arc(gauges.get(key, || GaugeHandle::new(key, descriptions)))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        let State {
            histograms,
            descriptions,
            ..
        } = &*self.0;
        Histogram::from_arc(histograms.get(key, || HistogramHandle::new(key, descriptions)))
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("idle_timeout", &self.0.idle_timeout)
            .finish_non_exhaustive()
    }
}
