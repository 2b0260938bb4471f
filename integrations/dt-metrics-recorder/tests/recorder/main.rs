//! A program whose libraries use the facade `metrics`, with the lines that arrive at the local
//! endpoint.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// Totals are small whole numbers, which floats hold exactly.
#![allow(clippy::float_cmp)]

mod conflicts;
mod descriptions;
mod idle;
mod libraries;
mod values;

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use dt_metrics::Handle;
use dt_metrics_local::Server;

/// The pipeline of the program under test, and the server where its metrics arrive.
struct Installed {
    metrics: Handle,
    endpoint: Server,
    pushes: Mutex<()>,
}

fn installed() -> &'static Installed {
    static INSTALLED: OnceLock<Installed> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let endpoint = Server::builder().start().unwrap();
        dt_metrics_recorder::install().unwrap();
        let metrics = dt_metrics::builder()
            .endpoint(endpoint.url())
            .push_interval(Duration::from_secs(3600))
            .install()
            .unwrap();
        Installed {
            metrics,
            endpoint,
            pushes: Mutex::new(()),
        }
    })
}

impl Installed {
    /// No test pushes until the guard is dropped.
    fn without_pushes(&self) -> MutexGuard<'_, ()> {
        self.pushes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Pushes all values so far. Every line was accepted.
    fn flush(&self) {
        let _guard = self.without_pushes();
        self.metrics.flush(Duration::from_secs(30)).unwrap();
        assert!(
            self.endpoint.rejected().is_empty(),
            "{:?}",
            self.endpoint.rejected()
        );
    }

    /// Pushes, and returns the number of values and the total of all series of a metric with these
    /// dimensions; for a gauge, the number of lines and the newest value.
    fn received(&self, metric: &str, dimensions: &[(&str, &str)]) -> (u64, f64) {
        self.flush();
        let all = self.endpoint.series().into_iter();
        all.filter(|series| series.metric == metric && series.has_dimensions(dimensions))
            .fold((0, 0.0), |(values, total), series| {
                (values + series.values, total + series.total)
            })
    }

    /// The sum of all that was received. A counter's lines depend on the pushes.
    fn total(&self, metric: &str, dimensions: &[(&str, &str)]) -> f64 {
        self.received(metric, dimensions).1
    }
}

/// The number of threads that record at the same time.
const THREADS: u32 = 8;

/// Runs this on several threads, and waits for them.
fn on_threads(work: impl Fn(u32) + Sync) {
    let work = &work;
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || work(thread));
        }
    });
}
