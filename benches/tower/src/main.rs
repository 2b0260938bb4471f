//! The cost of a layer for HTTP servers per request: each layer around the same axum routes, called
//! without a network, in turns. The time is that of the fastest tenth of all rounds.
//!
//! ```sh
//! cargo run --release -p dt-metrics-bench -- tower
//! ```

use std::error::Error;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use axum::routing::get;
use axum::{Router, extract::Path};
use axum_prometheus::PrometheusMetricLayer;
use comfy_table::{Table, presets};
use dt_metrics_tower::HttpServerMetrics;
use http_body_util::BodyExt;
use opentelemetry_instrumentation_tower::http::server;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{SdkMeterProvider, Temporality};
use tower::Service;

const ROUNDS: usize = 1_000;
const REQUESTS: u32 = 500;

/// Takes the SDK's aggregated metrics, and sends them nowhere.
struct Nowhere;

impl PushMetricExporter for Nowhere {
    async fn export(&self, _: &ResourceMetrics) -> OTelSdkResult {
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Delta
    }
}

fn routes() -> Router {
    let show = |Path(id): Path<u32>| async move { format!("order {id}") };
    Router::new().route("/orders/{id}", get(show))
}

/// The time of one request, in nanoseconds.
async fn requests(service: &mut Router) -> Result<f64, Box<dyn Error>> {
    let begun = Instant::now();
    for _ in 0..REQUESTS {
        let request = Request::get("/orders/7").body(Body::empty())?;
        let response = service.call(request).await?;
        response.into_body().collect().await?;
    }
    Ok(begun.elapsed().as_secs_f64() * 1e9 / f64::from(REQUESTS))
}

fn main() -> Result<(), Box<dyn Error>> {
    let endpoint = dt_metrics_local::Server::builder().start()?;
    let metrics = dt_metrics::builder().endpoint(endpoint.url()).install()?;
    let provider = SdkMeterProvider::builder()
        .with_periodic_exporter(Nowhere)
        .build();
    opentelemetry::global::set_meter_provider(provider.clone());
    let opentelemetry = server::LayerBuilder::builder()
        .with_tracing(false)
        .build()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    // It starts a task.
    let (prometheus, _rendered) = runtime.block_on(async { PrometheusMetricLayer::pair() });

    let mut services = [
        ("bare service", routes()),
        ("dt-metrics-tower", routes().layer(HttpServerMetrics::new())),
        ("axum-prometheus", routes().layer(prometheus)),
        (
            "opentelemetry-instrumentation-tower",
            routes().layer(opentelemetry),
        ),
    ];
    let mut times = [(); 4].map(|()| Vec::new());
    for _ in 0..ROUNDS {
        // In turns, so that a busy machine is busy for all.
        for ((_, service), times) in services.iter_mut().zip(&mut times) {
            times.push(runtime.block_on(requests(service))?);
        }
    }
    // A busy machine adds to most rounds, and takes from none.
    let times = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 10]
    });

    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN);
    table.set_header([
        "service",
        "ns a request",
        "ns above the bare service",
        "ratio",
    ]);
    let above = times.map(|time| time - times[0]);
    for (index, (name, _)) in services.iter().enumerate() {
        let (added, ratio) = match index {
            0 => (String::new(), String::new()),
            _ => (
                format!("{:.0}", above[index]),
                format!("{:.2}", above[index] / above[1]),
            ),
        };
        table.add_row([
            (*name).to_owned(),
            format!("{:.0}", times[index]),
            added,
            ratio,
        ]);
    }
    println!("{table}");
    metrics.shutdown(Duration::from_secs(5))?;
    let requests = endpoint.series().into_iter();
    let requests = requests.filter(|series| series.metric == "http.server.request.duration");
    println!(
        "\n{} requests arrived",
        requests.map(|series| series.values).sum::<u64>()
    );
    provider.shutdown()?;
    Ok(())
}
