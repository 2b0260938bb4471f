//! The metrics of this very process, with the lines that arrive at the local endpoint.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// Counts are small whole numbers, which floats hold exactly.
#![allow(clippy::float_cmp)]

mod build_info;
mod names;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod process;
mod runtime;

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use dt_metrics::Handle;
use dt_metrics_local::Server;
use dt_metrics_local::store::Series;

/// The version that the program under test has.
const VERSION: &str = "1.2.3-test";

/// The pipeline of the program under test, and the server where its metrics arrive.
struct Installed {
    metrics: Handle,
    endpoint: Server,
}

/// One test at a time, since all of them look at the same process.
fn installed() -> MutexGuard<'static, Installed> {
    static INSTALLED: LazyLock<Mutex<Installed>> = LazyLock::new(|| {
        let endpoint = Server::builder().start().unwrap();
        let metrics = dt_metrics::builder()
            .endpoint(endpoint.url())
            .push_interval(Duration::from_secs(3600))
            .install()
            .unwrap();
        let installed = Installed { metrics, endpoint };
        assert!(
            installed.flush().is_empty(),
            "nothing is polled before install"
        );
        dt_metrics_system::builder()
            .version(VERSION)
            .commit("0123abc")
            .install()
            .unwrap();
        Mutex::new(installed)
    });
    INSTALLED.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Installed {
    /// Pushes, and returns all series of this crate. Every line so far was accepted.
    fn flush(&self) -> Vec<Series> {
        self.metrics.flush(Duration::from_secs(30)).unwrap();
        assert!(self.endpoint.rejected().is_empty());
        let mut all = self.endpoint.series();
        all.retain(|series| {
            let starts_with = |prefix| series.metric.starts_with(prefix);
            ["process.", "tokio.", "build."]
                .into_iter()
                .any(starts_with)
        });
        all
    }

    /// Pushes, and returns the only series of a metric with these dimensions: its newest value, or
    /// the total of a count.
    fn value(&self, metric: &str, dimensions: &[(&str, &str)]) -> f64 {
        let mut found = self.flush();
        found.retain(|series| series.metric == metric && series.has_dimensions(dimensions));
        assert_eq!(found.len(), 1, "{metric} {dimensions:?}: {found:#?}");
        found[0].total
    }
}

/// Keeps a thread busy, so that it uses at least this much processor time on an idle machine.
fn work(time: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < time {
        std::hint::black_box(begun);
    }
}
