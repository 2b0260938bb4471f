//! The exporter against a real HTTP server, fed by a real provider.

use crate::dynatrace::config::builder::ExporterBuilder;
use crate::dynatrace::config::endpoint::Endpoint;
use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::exporter::Exporter;
use crate::dynatrace::health::Health;
use crate::dynatrace::spool::recipient::Recipient;
use crate::dynatrace::tests::server::Server;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

pub(crate) mod accounting;
mod catalog;
mod connections;
mod deadlines;
mod delivery;
mod firewall;
#[cfg(feature = "otlp")]
mod otlp;
mod rotation;
mod secrets;
mod server;
mod spool;
mod warnings;

/// Long enough for a loaded machine; no passing test waits for it.
const LONG: Duration = Duration::from_secs(30);

const TOKEN: &str = "dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX.0123456789SECRETPART0123456789";

fn to(server: &Server) -> ExporterBuilder {
    Exporter::builder()
        .endpoint(server.url("/api/v2/metrics/ingest"))
        .api_token(TOKEN)
}

/// Addresses the requests that an earlier process left in the first slot to this server.
fn readdress(spool: &Path, format: Format, server: &Server) {
    let note = spool.join(format!("{}000/recipient", format.slot_prefix()));
    if note.exists() {
        let path = match format {
            Format::Lines => "/api/v2/metrics/ingest",
            #[cfg(feature = "otlp")]
            Format::Otlp => "/api/v2/otlp/v1/metrics",
        };
        let endpoint = Endpoint::parse(&server.url(path)).expect("a URL");
        let text = Recipient::new(format, &endpoint).to_text();
        fs::write(note, text).expect("written");
    }
}

/// A provider that collects only on request.
fn provider(exporter: &Exporter) -> SdkMeterProvider {
    let reader = PeriodicReader::builder(exporter.clone())
        .with_interval(Duration::from_secs(3_600))
        .build();
    SdkMeterProvider::builder()
        .with_resource(Resource::builder_empty().build())
        .with_reader(reader)
        .build()
}

/// Counts once and collects, so that one line waits.
fn export_one(exporter: &Exporter) -> SdkMeterProvider {
    let provider = provider(exporter);
    provider
        .meter("test")
        .u64_counter("requests")
        .build()
        .add(3, &[]);
    provider
        .force_flush()
        .expect("exporting does no more than queue");
    provider
}

/// Shuts an exporter down while nobody takes its requests, and waits until its threads have ended, so
/// that the next exporter finds the spool unlocked.
fn end_in_outage(exporter: &Exporter) {
    exporter
        .shutdown(Duration::from_millis(100))
        .expect_err("an outage");
    // The grace of `shutdown` is too short on a loaded machine.
    let deadline = Instant::now().checked_add(LONG);
    exporter.buffer().wait_for_exit(deadline);
}
