//! The layers around real servers and clients, with the lines that arrive at the local endpoint.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// Totals are small whole numbers, which floats hold exactly.
#![allow(clippy::float_cmp)]

mod client;
mod names;
mod rpc;
mod server;

use std::sync::OnceLock;
use std::time::Duration;

use dt_metrics::Handle;
use dt_metrics_local::Server;
use dt_metrics_local::store::Series;

/// The pipeline of the program under test, and the server where its metrics arrive.
struct Installed {
    metrics: Handle,
    endpoint: Server,
}

fn installed() -> &'static Installed {
    static INSTALLED: OnceLock<Installed> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let endpoint = Server::builder().start().unwrap();
        let metrics = dt_metrics::builder()
            .endpoint(endpoint.url())
            .push_interval(Duration::from_secs(3600))
            .install()
            .unwrap();
        Installed { metrics, endpoint }
    })
}

/// The series of a metric that have this dimension. Every line so far was accepted.
async fn series(metric: &str, key: &str, value: &str) -> Vec<Series> {
    let Installed { metrics, endpoint } = installed();
    metrics.flush_async(Duration::from_secs(30)).await.unwrap();
    assert!(endpoint.rejected().is_empty(), "{:?}", endpoint.rejected());
    let all = endpoint.series().into_iter();
    all.filter(|series| series.metric == metric && dimension(series, key) == value)
        .collect()
}

/// Flushes until the series of a metric with this dimension have so many values.
async fn values(metric: &str, key: &str, value: &str, count: u64) -> Vec<Series> {
    let until = async {
        loop {
            let found = series(metric, key, value).await;
            if found.iter().map(|series| series.values).sum::<u64>() >= count {
                return found;
            }
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(60), until).await;
    found.expect("so many values have come")
}

/// The value of a dimension; empty if there is none.
fn dimension<'a>(series: &'a Series, key: &str) -> &'a str {
    let found = series.dimensions.iter().find(|(name, _)| name == key);
    found.map_or("", |(_, value)| value)
}

/// How many values each combination of these dimensions has.
fn table(series: &[Series], keys: &[&str]) -> Vec<(String, u64)> {
    let mut rows: Vec<_> = series
        .iter()
        .map(|series| {
            let values: Vec<_> = keys.iter().map(|key| dimension(series, key)).collect();
            (values.join(" "), series.values)
        })
        .collect();
    rows.sort();
    rows
}
