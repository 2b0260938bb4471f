//! What is written of what a real provider collects, and what is not.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider, Temporality};

use super::super::config::Config;
use super::super::options::Options;
use super::{Encoded, Encoder};

#[derive(Clone)]
struct Recorder {
    encoder: Arc<Mutex<Encoder>>,
    encoded: Arc<Mutex<Encoded>>,
    temporality: Temporality,
}

impl PushMetricExporter for Recorder {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        *self.encoded.lock().expect("whole") = self.encoder.lock().expect("whole").encode(metrics);
        Ok(())
    }
    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }
    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
    fn temporality(&self) -> Temporality {
        self.temporality
    }
}

struct Fixture {
    recorder: Recorder,
    provider: SdkMeterProvider,
}

impl Fixture {
    fn new(temporality: Temporality, service: Option<&str>) -> Self {
        let config = Config::resolve(Options::default(), &|_| None).expect("valid");
        let recorder = Recorder {
            encoder: Arc::new(Mutex::new(Encoder::new(&config))),
            encoded: Arc::default(),
            temporality,
        };
        let reader = PeriodicReader::builder(recorder.clone())
            .with_interval(Duration::from_secs(3_600))
            .build();
        let resource = Resource::builder_empty()
            .with_attributes(service.map(|name| KeyValue::new("service.name", name.to_owned())));
        let provider = SdkMeterProvider::builder()
            .with_resource(resource.build())
            .with_reader(reader)
            .build();
        Self { recorder, provider }
    }

    fn meter(&self) -> Meter {
        self.provider.meter("test")
    }

    fn collect(&self) -> Encoded {
        self.provider.force_flush().expect("recorded");
        std::mem::take(&mut *self.recorder.encoded.lock().expect("whole"))
    }
}

#[test]
fn a_cycle_without_points_makes_no_request() {
    let fixture = Fixture::new(Temporality::Delta, None);
    let counter = fixture.meter().u64_counter("m").build();
    counter.add(1, &[]);
    let encoded = fixture.collect();
    assert_eq!(encoded.bodies.iter().map(|body| body.lines).sum::<u64>(), 1);
    counter.add(0, &[]);
    assert!(fixture.collect().bodies.is_empty());
    assert!(fixture.collect().bodies.is_empty());
}

#[test]
fn the_service_is_a_dimension_unless_the_sdk_made_it_up() {
    for (service, expected) in [
        (Some("shop"), true),
        (Some("unknown_service:x"), false),
        (Some(""), false),
        (None, false),
    ] {
        let fixture = Fixture::new(Temporality::Delta, service);
        fixture.meter().u64_counter("m").build().add(1, &[]);
        let encoded = fixture.collect();
        let text = &encoded.bodies[0].text;
        assert_eq!(text.contains("service.name="), expected, "{text}");
    }
}

#[test]
fn a_dropped_point_is_counted_each_time_and_said_once() {
    let fixture = Fixture::new(Temporality::Cumulative, None);
    let counter = fixture.meter().u64_counter("sum").build();
    counter.add(1, &[]);
    let encoded = fixture.collect();
    assert_eq!(encoded.dropped["unsupported_temporality"], 1);
    assert_eq!(encoded.warnings.len(), 1);
    assert!(
        encoded.warnings[0].contains("\"sum\""),
        "{:?}",
        encoded.warnings
    );
    counter.add(1, &[KeyValue::new("k", "v")]);
    let encoded = fixture.collect();
    assert_eq!(encoded.dropped["unsupported_temporality"], 2);
    assert_eq!(encoded.warnings, [""; 0]);
}

#[test]
fn too_many_dimensions_drop_the_point_and_not_its_neighbours() {
    let fixture = Fixture::new(Temporality::Delta, None);
    let counter = fixture.meter().u64_counter("m").build();
    let many: Vec<_> = (0..60)
        .map(|index| KeyValue::new(format!("k{index}"), "v"))
        .collect();
    counter.add(1, &many);
    counter.add(1, &many[..5]);
    let encoded = fixture.collect();
    assert_eq!(encoded.dropped["too_many_dimensions"], 1);
    assert_eq!(encoded.bodies[0].lines, 1);
    assert_eq!(encoded.warnings.len(), 1);
}

#[test]
fn an_array_is_left_out_and_the_point_is_sent() {
    let fixture = Fixture::new(Temporality::Delta, None);
    let counter = fixture.meter().u64_counter("m").build();
    let array = KeyValue::new("list", Value::Array(Array::I64(vec![1])));
    for expected in [1, 0] {
        counter.add(1, &[array.clone(), KeyValue::new("k", "v")]);
        let encoded = fixture.collect();
        assert!(encoded.bodies[0].text.contains("k=v"));
        assert!(!encoded.bodies[0].text.contains("list"));
        assert_eq!(encoded.warnings.len(), expected);
        assert!(encoded.dropped.is_empty());
    }
}
