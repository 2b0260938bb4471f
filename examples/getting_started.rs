//! The smallest program with a metric: adds 25 to `MyCounter` and delivers it.
//!
//! Endpoint and token come from the environment:
//!
//! ```sh
//! export DT_METRICS_INGEST_URL=https://myenv123.live.dynatrace.com/api/v2/metrics/ingest
//! export DT_METRICS_INGEST_API_TOKEN=…       # with the scope metrics.ingest
//! cargo run --bin getting_started
//! ```
//!
//! Without them the lines go to the OneAgent on this host, or to `dt-metrics-local` in its place.

use std::time::Duration;

use dt_metrics::count;

fn main() -> Result<(), dt_metrics::Error> {
    let metrics = dt_metrics::builder()
        .prefix("getting_started")
        .default_dimension("environment", "laptop")
        .push_interval(Duration::from_secs(5))
        .install()?;

    count!(
        "MyCounter",
        25,
        description = "Description of MyCounter",
        unit = "1",
        dims("dimension-1" = "value-1")
    );

    metrics.shutdown(Duration::from_secs(5))?;
    println!("{:#?}", metrics.health());
    Ok(())
}
