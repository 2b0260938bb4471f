//! An exporter of your own: anything that implements OpenTelemetry's `PushMetricExporter` can be added
//! to the built-in exporter. This one prints counts; the built-in exporter delivers the same metrics to
//! Dynatrace, with the endpoint and the token from the environment, as in `getting_started`.

use std::error::Error;
use std::time::Duration;

use dt_metrics::counted;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::{
    AggregatedMetrics, MetricData, ResourceMetrics, ScopeMetrics,
};
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;

struct Print;

impl PushMetricExporter for Print {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        for metric in metrics.scope_metrics().flat_map(ScopeMetrics::metrics) {
            if let AggregatedMetrics::U64(MetricData::Sum(sum)) = metric.data() {
                for point in sum.data_points() {
                    print!("{} +{}", metric.name(), point.value());
                    for dimension in point.attributes() {
                        print!(" {}={}", dimension.key, dimension.value);
                    }
                    println!();
                }
            }
        }
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(()) // nothing waits here
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        println!("the exporter ends");
        Ok(())
    }

    /// The increase since the last export, not since the start.
    fn temporality(&self) -> Temporality {
        Temporality::Delta
    }
}

#[counted(name = "coins", dims(side = side))]
fn toss(side: &str) {
    let _ = side;
}

fn main() -> Result<(), Box<dyn Error>> {
    let metrics = dt_metrics::builder()
        .prefix("casino")
        .exporter(Print)
        .install()?;

    for side in ["heads", "tails", "heads"] {
        toss(side);
    }
    let flushed = metrics.flush(Duration::from_secs(5));
    toss("tails");

    // The rest is handed over, then delivered. If delivery fails, the program reports it and goes on:
    // its result does not depend on its metrics.
    let delivered = [flushed, metrics.shutdown(Duration::from_secs(5))];
    for error in delivered.into_iter().filter_map(Result::err) {
        eprintln!("metrics: {error}");
    }
    println!("{} lines delivered", metrics.health().points_accepted);
    Ok(())
}
