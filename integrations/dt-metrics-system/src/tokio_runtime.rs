//! `tokio.*`: values of a runtime, as tokio keeps them without `tokio_unstable`.

use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use dt_metrics::observed;
use tokio::runtime::{Handle, RuntimeMetrics};

use crate::share::Share;

/// The runtime that is observed.
struct Observed {
    runtime: Handle,
    metrics: RuntimeMetrics,
    utilization: Share,
    /// The totals of all runtimes that were observed before.
    before: Totals,
    /// The totals of this runtime when its observation began.
    start: Totals,
}

/// Totals that the workers of a runtime keep, summed over the workers. They are exact: a sum of floats
/// could fall by rounding, and a counter that falls has begun again.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    busy: Duration,
    parks: u64,
}

impl Totals {
    #[cfg(target_has_atomic = "64")]
    fn of(runtime: &RuntimeMetrics) -> Self {
        let workers = 0..runtime.num_workers();
        let busy = workers
            .clone()
            .map(|worker| runtime.worker_total_busy_duration(worker));
        Self {
            busy: busy.sum(),
            parks: workers
                .map(|worker| runtime.worker_park_count(worker))
                .sum(),
        }
    }

    #[cfg(not(target_has_atomic = "64"))]
    fn of(_: &RuntimeMetrics) -> Self {
        Self::default()
    }

    /// These totals, and the growth from `start` to `now`.
    fn grown(self, start: Self, now: Self) -> Self {
        Self {
            busy: self.busy + now.busy.saturating_sub(start.busy),
            parks: self.parks + now.parks.saturating_sub(start.parks),
        }
    }
}

impl Observed {
    fn totals(&self) -> Totals {
        self.before.grown(self.start, Totals::of(&self.metrics))
    }

    fn utilization(&self) -> Option<f64> {
        let busy = Totals::of(&self.metrics).busy.as_secs_f64();
        let workers = self.metrics.num_workers();
        self.utilization
            .since_previous(Instant::now(), busy, workers)
    }
}

static OBSERVED: RwLock<Option<Observed>> = RwLock::new(None);

/// Observes this runtime from now on, in place of any other.
pub(crate) fn install(runtime: Handle) {
    let mut observed = OBSERVED.write().unwrap_or_else(PoisonError::into_inner);
    if observed
        .as_ref()
        .is_some_and(|it| it.runtime.id() == runtime.id())
    {
        return;
    }
    let metrics = runtime.metrics();
    let before = observed.as_ref().map(Observed::totals);
    // The first runtime is observed from its start.
    let (before, start) =
        before.map_or_else(Default::default, |before| (before, Totals::of(&metrics)));
    let installed = observed.insert(Observed {
        runtime,
        metrics,
        utilization: Share::new(),
        before,
        start,
    });
    // Utilisation is measured from now on.
    installed.utilization();
}

/// A value of the observed runtime, if there is one.
fn runtime<T>(value: impl FnOnce(&Observed) -> T) -> Option<T> {
    let observed = OBSERVED.read().unwrap_or_else(PoisonError::into_inner);
    observed.as_ref().map(value)
}

/// Worker threads of the runtime.
#[observed(name = "tokio.worker.count", kind = up_down_counter, unit = "{worker}")]
fn workers() -> Option<usize> {
    runtime(|it| it.metrics.num_workers())
}

/// Tasks that have been spawned and have not ended.
#[observed(name = "tokio.task.count", kind = up_down_counter, unit = "{task}")]
fn tasks() -> Option<usize> {
    runtime(|it| it.metrics.num_alive_tasks())
}

/// Tasks that wait in the queue that the workers share.
#[observed(name = "tokio.global_queue.depth", kind = up_down_counter, unit = "{task}")]
fn global_queue_depth() -> Option<usize> {
    runtime(|it| it.metrics.global_queue_depth())
}

/// Time that the workers ran tasks.
#[cfg(target_has_atomic = "64")]
#[observed(name = "tokio.worker.busy_time", kind = counter, unit = "s")]
fn busy_time() -> Option<f64> {
    runtime(|it| it.totals().busy.as_secs_f64())
}

/// How often a worker went to sleep because it had no task to run.
#[cfg(target_has_atomic = "64")]
#[observed(name = "tokio.worker.park.count", kind = counter, unit = "{park}")]
fn parks() -> Option<u64> {
    runtime(|it| it.totals().parks)
}

/// Share of the workers' time that they ran tasks since the previous push.
#[cfg(target_has_atomic = "64")]
#[observed(name = "tokio.worker.utilization", unit = "1")]
fn utilization() -> Option<f64> {
    runtime(Observed::utilization)?
}
