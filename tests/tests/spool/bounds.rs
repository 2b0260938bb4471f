//! More than fits.

use super::{arrived, later, on, spooled};
use crate::common::accounting::{assert_accounted, assert_arrived};
use crate::common::program::TOKEN;
use crate::common::{AMPLE, NEVER};
use dt_metrics::dynatrace::Exporter;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use tempfile::TempDir;

/// A program that has only an exporter, with bounds of its own; 200 requests of 40 bytes each wait.
/// Returns the values that arrive in the end, and the number of dropped lines.
fn bounded(memory: usize, disk: u64) -> (Vec<u64>, u64) {
    let directory = TempDir::new().unwrap();
    let (endpoint, port) = later();
    let exporter = Exporter::builder()
        .endpoint(endpoint)
        .api_token(TOKEN)
        .buffer_limit_bytes(memory)
        .spool_dir(directory.path().join("spool"))
        .spool_limit_bytes(disk)
        .build()
        .unwrap();
    let reader = PeriodicReader::builder(exporter.clone()).with_interval(NEVER);
    let provider = SdkMeterProvider::builder()
        .with_reader(reader.build())
        .build();
    let counter = provider.meter("bounded").u64_counter("calls").build();
    for amount in 1..=200 {
        counter.add(amount, &[]);
        provider.force_flush().unwrap();
    }
    let health = exporter.health();
    assert_accounted(200, &health);
    let server = on(port);
    exporter.flush(AMPLE).unwrap();
    let health = exporter.health();
    assert_accounted(200, &health);
    assert_arrived(server.totals().lines, 1, &health);
    assert!(spooled(&directory.path().join("spool")).is_empty());
    (arrived(&server), exporter.health().points_dropped)
}

#[test]
fn more_than_fits_in_memory_is_on_disk() {
    let (arrived, dropped) = bounded(300, 1_000_000);
    assert_eq!(arrived, (1..=200).collect::<Vec<_>>());
    assert_eq!(dropped, 0);
}

#[test]
fn past_both_bounds_the_newest_survive_and_the_loss_is_counted() {
    let (arrived, dropped) = bounded(300, 6_000);
    assert_eq!(arrived.len() as u64 + dropped, 200);
    assert!((50..150).contains(&arrived.len()), "{}", arrived.len());
    // In order, and the newest without a gap.
    assert!(arrived.is_sorted());
    let newest: Vec<_> = (151..=200).collect();
    assert!(arrived.ends_with(&newest), "{arrived:?}");
}
