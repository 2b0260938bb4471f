//! Further exporters, and exporters, readers and views in place of the built-in ones.

use std::time::Duration;

use crate::common::sums::Sums;
use crate::common::{AMPLE, NEVER, server, to};
use dt_metrics::{Error, count, dynatrace};
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
        .no_exporter()
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

#[test]
fn an_exporter_is_added_to_the_built_in_one() {
    own_process!();
    let server = server();
    let (delta, cumulative) = (
        Sums::new(Temporality::Delta),
        Sums::new(Temporality::Cumulative),
    );
    let metrics = to(&server)
        .prefix("built.in")
        .exporter(delta.clone())
        .exporter(cumulative.clone())
        .install()
        .unwrap();
    for round in 1..=3 {
        count!("pipeline.added", 2);
        metrics.flush(AMPLE).unwrap();
        let total = server.counter_total("built.in.pipeline.added", &[]);
        assert_eq!(total, f64::from(2 * round));
    }
    assert_eq!(delta.of("pipeline.added"), [2.0; 3]);
    assert_eq!(cumulative.of("pipeline.added"), [2.0, 4.0, 6.0]);
    metrics.shutdown(AMPLE).unwrap();
}

/// Never returns from an export, panics in it, or panics before it.
enum Hostile {
    Hangs,
    Panics,
    PanicsAtOnce,
}

impl PushMetricExporter for Hostile {
    fn export(&self, _: &ResourceMetrics) -> impl Future<Output = OTelSdkResult> + Send {
        assert!(!matches!(self, Self::PanicsAtOnce), "at once");
        let hangs = matches!(self, Self::Hangs);
        async move {
            if hangs {
                loop {
                    std::thread::park();
                }
            }
            panic!("in the export");
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        panic!("in the shutdown");
    }

    fn temporality(&self) -> Temporality {
        Temporality::Delta
    }
}

#[test]
fn a_hanging_or_panicking_exporter_does_not_affect_others() {
    own_process!();
    let short = Duration::from_secs(2);
    for hostile in [Hostile::Hangs, Hostile::Panics, Hostile::PanicsAtOnce] {
        let hangs = matches!(hostile, Hostile::Hangs);
        let server = server();
        let sums = Sums::new(Temporality::Delta);
        let metrics = to(&server)
            .exporter(hostile)
            .exporter(sums.clone())
            .shutdown_timeout(short)
            .install()
            .unwrap();
        for round in 1..=3_u32 {
            count!("pipeline.hostile", 5);
            let error = metrics.flush(short).unwrap_err();
            let is_told = if hangs {
                matches!(error, Error::Timeout(_))
            } else {
                error.to_string().contains("panicked")
            };
            assert!(is_told, "{error}");
            let total = server.counter_total("pipeline.hostile", &[]);
            assert_eq!(total, f64::from(5 * round));
            assert_eq!(sums.of("pipeline.hostile").len(), round as usize);
        }
        count!("pipeline.hostile", 5);
        metrics.shutdown(short).unwrap_err();
        assert_eq!(server.counter_total("pipeline.hostile", &[]), 20.0);
        assert_eq!(sums.of("pipeline.hostile"), [5.0; 4]);
        assert_eq!(metrics.health().points_dropped, 0);
    }
}

#[test]
fn without_the_built_in_exporter_nothing_is_sent() {
    own_process!();
    let server = server();
    let sums = Sums::new(Temporality::Delta);
    let metrics = to(&server)
        .no_exporter()
        .exporter(sums.clone())
        .install()
        .unwrap();
    count!("pipeline.alone");
    metrics.flush(AMPLE).unwrap();
    metrics.shutdown(AMPLE).unwrap();
    assert_eq!(sums.of("pipeline.alone"), [1.0]);
    assert!(server.lines().is_empty());
}

/// Fails with a reason.
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
fn an_exporters_error_is_passed_on() {
    own_process!();
    let metrics = dt_metrics::builder()
        .no_exporter()
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
fn the_handle_reports_why_an_added_exporter_did_not_deliver() {
    own_process!();
    let server = Server::builder().token("another").start().unwrap();
    let exporter = dynatrace::Exporter::builder()
        .endpoint(server.url())
        .api_token("dt0c01.sample.token")
        .build()
        .unwrap();
    let metrics = dt_metrics::builder()
        .no_exporter()
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
        .no_exporter()
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
