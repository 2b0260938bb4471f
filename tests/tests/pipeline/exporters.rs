//! Other exporters, readers and views in the place of the default.

use std::time::Duration;

use crate::common::sums::Sums;
use crate::common::{AMPLE, NEVER, server, to};
use dt_metrics::{count, dynatrace};
use dt_metrics_local::Server;
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{
    Instrument, PeriodicReader, SdkMeterProvider, Stream, Temporality,
};

#[test]
fn each_of_several_exporters_gets_all() {
    own_process!();
    let (delta, cumulative) = (
        Sums::new(Temporality::Delta),
        Sums::new(Temporality::Cumulative),
    );
    let metrics = dt_metrics::builder()
        .exporter(delta.clone())
        .exporter(cumulative.clone())
        .push_interval(NEVER)
        .install()
        .unwrap();
    count!("pipeline.several", 2);
    metrics.flush(AMPLE).unwrap();
    count!("pipeline.several", 3);
    metrics.flush(AMPLE).unwrap();
    metrics.flush(AMPLE).unwrap();
    assert_eq!(delta.of("pipeline.several"), [2.0, 3.0]);
    assert_eq!(cumulative.of("pipeline.several"), [2.0, 5.0, 5.0]);
    metrics.shutdown(AMPLE).unwrap();
}

/// Fails, and says why.
struct Fails(&'static str);

impl PushMetricExporter for Fails {
    async fn export(&self, _: &ResourceMetrics) -> OTelSdkResult {
        Err(OTelSdkError::InternalFailure(self.0.into()))
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

#[test]
fn what_an_exporter_says_of_its_failure_is_said() {
    own_process!();
    let metrics = dt_metrics::builder()
        .exporter(Fails("no room in the closet"))
        .exporter(Sums::new(Temporality::Delta))
        .exporter(Fails("the closet is locked"))
        .push_interval(NEVER)
        .install()
        .unwrap();
    count!("pipeline.fails");
    let error = metrics.flush(AMPLE).unwrap_err().to_string();
    let both = "no room in the closet; the closet is locked";
    assert!(error.contains(both), "{error}");
    count!("pipeline.fails");
    let error = metrics.shutdown(AMPLE).unwrap_err().to_string();
    assert!(error.contains(both), "{error}");
}

#[test]
fn why_lines_were_not_delivered_is_said_by_the_handle_of_an_exporter_that_was_given() {
    own_process!();
    let server = Server::builder().token("another").start().unwrap();
    let exporter = dynatrace::Exporter::builder()
        .endpoint(server.url())
        .api_token("dt0c01.sample.token")
        .build()
        .unwrap();
    let metrics = dt_metrics::builder()
        .exporter(exporter)
        .push_interval(NEVER)
        .install()
        .unwrap();
    count!("pipeline.refused");
    let error = metrics.shutdown(AMPLE).unwrap_err().to_string();
    assert!(error.contains("401 Unauthorized"), "{error}");
}

#[test]
fn readers_and_views_are_the_users() {
    own_process!();
    let sums = Sums::new(Temporality::Delta);
    let reader = PeriodicReader::builder(sums.clone())
        .with_interval(NEVER)
        .build();
    let metrics = dt_metrics::builder()
        .no_exporter()
        .configure_provider(|provider| {
            provider
                .with_reader(reader)
                .with_view(|instrument: &Instrument| {
                    let renamed = Stream::builder().with_name("pipeline.new").build().ok()?;
                    (instrument.name() == "pipeline.old").then_some(renamed)
                })
        })
        .install()
        .unwrap();
    count!("pipeline.old", 4);
    metrics.flush(AMPLE).unwrap();
    assert_eq!(sums.of("pipeline.new"), [4.0]);
    assert!(sums.of("pipeline.old").is_empty());
    metrics.shutdown(AMPLE).unwrap();
}

#[test]
fn instruments_of_the_program_go_along() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    let meter = opentelemetry::global::meter("program");
    meter
        .u64_counter("pipeline.own")
        .build()
        .add(6, &[KeyValue::new("k", "v")]);
    metrics.flush(AMPLE).unwrap();
    assert_eq!(server.counter_total("pipeline.own", &[("k", "v")]), 6.0);
    metrics.shutdown(AMPLE).unwrap();
}

#[test]
fn a_view_that_drops_everything_else_does_not_stop_the_counts() {
    own_process!();
    let sums = Sums::new(Temporality::Delta);
    let metrics = dt_metrics::builder()
        .exporter(sums.clone())
        .push_interval(NEVER)
        .configure_provider(|provider| {
            provider.with_view(|instrument: &Instrument| {
                let drop = opentelemetry_sdk::metrics::Aggregation::Drop;
                let dropped = Stream::builder().with_aggregation(drop).build().ok()?;
                instrument
                    .name()
                    .starts_with("dt_metrics.")
                    .then_some(dropped)
            })
        })
        .install()
        .unwrap();
    count!("pipeline.carried", 8);
    metrics.flush(AMPLE).unwrap();
    assert_eq!(sums.of("pipeline.carried"), [8.0]);
    metrics.shutdown(AMPLE).unwrap();
}

#[test]
fn the_exporter_works_alone_with_a_provider_of_the_program() {
    let server = server();
    let exporter = dynatrace::Exporter::builder()
        .endpoint(server.url())
        .prefix("alone")
        .build()
        .unwrap();
    let provider = SdkMeterProvider::builder()
        .with_reader(
            PeriodicReader::builder(exporter.clone())
                .with_interval(NEVER)
                .build(),
        )
        .build();
    provider
        .meter("program")
        .u64_counter("orders")
        .build()
        .add(3, &[]);
    provider.force_flush().unwrap();
    exporter.flush(AMPLE).unwrap();
    assert_eq!(server.counter_total("alone.orders", &[]), 3.0);
    provider
        .meter("program")
        .u64_counter("orders")
        .build()
        .add(4, &[]);
    provider.shutdown().unwrap();
    assert_eq!(server.counter_total("alone.orders", &[]), 7.0);
}
