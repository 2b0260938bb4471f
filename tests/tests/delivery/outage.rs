//! Twenty minutes without an endpoint: 1,000 series that change every 10 seconds.

use std::collections::BTreeMap;

use dt_metrics::dynatrace::{Exporter, ExporterBuilder};
use dt_metrics_local::Server;
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;

use crate::common::accounting::{assert_accounted, assert_arrived};
use crate::common::own_process::shared;
use crate::common::proof::{AMPLE, Pipeline};

const SERIES: u64 = 1_000;
const COLLECTIONS: u64 = 120;
const LINES: u64 = SERIES * COLLECTIONS;

/// Collects 120 times while nobody listens. The n-th collection has a delta of n for each series.
fn outage(options: impl FnOnce(ExporterBuilder) -> ExporterBuilder) -> (Pipeline, Server) {
    let server = Server::builder().start().unwrap();
    server.stop_listening().unwrap();
    let builder = options(Exporter::builder().endpoint(server.url()));
    let pipeline = Pipeline::new(builder.build().unwrap(), |_| None);
    let counter = pipeline
        .provider
        .meter("outage")
        .u64_counter("orders")
        .build();
    let series: Vec<_> = (0..SERIES)
        .map(|index| {
            [
                KeyValue::new("customer.id", format!("customer-{index:06}")),
                KeyValue::new("http.route", "/api/v1/orders/{order}/items"),
                KeyValue::new("http.request.method", "POST"),
            ]
        })
        .collect();
    for collection in 1..=COLLECTIONS {
        for attributes in &series {
            counter.add(collection, attributes);
        }
        pipeline.provider.force_flush().unwrap();
    }
    assert_eq!(pipeline.points(), LINES);
    (pipeline, server)
}

/// The deltas of each series in the order in which they came.
fn deltas(server: &Server) -> BTreeMap<String, Vec<f64>> {
    let mut deltas = BTreeMap::<_, Vec<_>>::new();
    for line in server.lines() {
        let series = line.dimension("customer.id").unwrap().to_owned();
        deltas
            .entry(series)
            .or_default()
            .push(line.delta().unwrap());
    }
    deltas
}

#[test]
fn an_outage_fits_the_default_buffer_and_arrives_in_order() {
    let _turn = shared();
    arrives_in_order(|exporter| exporter);
}

#[test]
fn an_outage_over_otlp() {
    let _turn = shared();
    arrives_in_order(ExporterBuilder::otlp);
}

fn arrives_in_order(options: impl FnOnce(ExporterBuilder) -> ExporterBuilder) {
    let (pipeline, server) = outage(options);
    let health = pipeline.exporter.health();
    assert_accounted(LINES, &health);
    assert_arrived(server.totals().lines, LINES, &health);
    println!(
        "{} bytes in {} lines",
        health.bytes_pending, health.points_pending
    );
    assert_eq!((health.points_pending, health.points_dropped), (LINES, 0));

    server.listen_again().unwrap();
    pipeline.exporter.flush(AMPLE).unwrap();
    let expected: Vec<_> = (1..=COLLECTIONS).map(|delta| delta as f64).collect();
    let deltas = deltas(&server);
    assert_eq!(deltas.len() as u64, SERIES);
    assert!(deltas.values().all(|deltas| *deltas == expected));
    let health = pipeline.exporter.health();
    assert_accounted(LINES, &health);
    assert_arrived(server.totals().lines, LINES, &health);
    assert_eq!((health.points_accepted, health.points_dropped), (LINES, 0));
}

#[test]
fn past_the_bound_the_newest_survive_and_the_rest_is_counted() {
    let _turn = shared();
    let limit = 1 << 20;
    let (pipeline, server) = outage(|exporter| exporter.buffer_limit_bytes(limit));
    let health = pipeline.exporter.health();
    assert_accounted(LINES, &health);
    assert_arrived(server.totals().lines, LINES, &health);
    assert!(health.bytes_pending <= limit as u64, "{health:?}");
    assert_eq!(health.points_pending + health.points_dropped, LINES);
    assert!(health.bytes_pending > limit as u64 / 2, "{health:?}");

    server.listen_again().unwrap();
    pipeline.exporter.flush(AMPLE).unwrap();
    let health = pipeline.exporter.health();
    assert_accounted(LINES, &health);
    assert_arrived(server.totals().lines, LINES, &health);
    assert_eq!(health.points_accepted, server.totals().lines);
    assert_eq!(health.points_accepted + health.points_dropped, LINES);
    assert_eq!(health.dropped["buffer_full"], health.points_dropped);
    for (series, deltas) in deltas(&server) {
        let newest = (COLLECTIONS + 1 - deltas.len() as u64)..=COLLECTIONS;
        let newest: Vec<_> = newest.map(|delta| delta as f64).collect();
        assert_eq!(deltas, newest, "{series}");
    }
}
