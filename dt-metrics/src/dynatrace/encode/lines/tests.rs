//! The lines written for the collections of a real provider, and the points that are left out.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider, Temporality};
use tokio::time::Instant;

use crate::dynatrace::config::Config;
use crate::dynatrace::config::options::Options;
use crate::dynatrace::encode::idle::Ended;
use crate::dynatrace::encode::lines::{Encoded, LinesEncoder};

#[derive(Clone)]
struct Recorder {
    encoder: Arc<Mutex<LinesEncoder>>,
    encoded: Arc<Mutex<Encoded>>,
    now: Arc<Mutex<Instant>>,
    temporality: Temporality,
}

impl PushMetricExporter for Recorder {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let mut bodies = Vec::new();
        let mut encoder = self.encoder.lock().expect("whole");
        let now = *self.now.lock().expect("whole");
        let mut result = encoder.encode(metrics, Ended::default(), now, |full| bodies.extend(full));
        bodies.append(&mut result.bodies);
        result.bodies = bodies;
        *self.encoded.lock().expect("whole") = result;
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
        Self::with(Options::default(), temporality, service)
    }

    fn delta(options: Options) -> Self {
        Self::with(options, Temporality::Delta, None)
    }

    fn with(options: Options, temporality: Temporality, service: Option<&str>) -> Self {
        let config = Config::resolve(options, &|_| None).expect("valid");
        let recorder = Recorder {
            encoder: Arc::new(Mutex::new(LinesEncoder::new(&config))),
            encoded: Arc::default(),
            now: Arc::new(Mutex::new(Instant::now())),
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

fn dropped(encoded: &Encoded) -> Vec<(&str, &str, u64)> {
    let dropped = encoded.report.dropped.iter();
    dropped
        .map(|((reason, metric), points)| (reason.as_str(), metric.as_str(), *points))
        .collect()
}

/// All lines, sorted, without the dimensions and times that all have.
fn lines(encoded: &Encoded) -> Vec<String> {
    let mut lines: Vec<_> = encoded
        .bodies
        .iter()
        .flat_map(|body| body.text().split('\n'))
        .map(|line| match line.rsplit_once(' ') {
            Some((line, _)) if !line.starts_with('#') => {
                line.replace(",dt.metrics.source=opentelemetry", "")
            }
            _ => line.to_owned(),
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn a_cycle_without_points_makes_no_request() {
    let fixture = Fixture::new(Temporality::Delta, None);
    let counter = fixture.meter().u64_counter("m").build();
    counter.add(1, &[]);
    let encoded = fixture.collect();
    assert_eq!(
        encoded.bodies.iter().map(|body| body.points).sum::<u64>(),
        1
    );
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
        let text = encoded.bodies[0].text();
        assert_eq!(text.contains("service.name="), expected, "{text}");
    }
}

#[test]
fn a_dropped_point_is_counted_each_time_and_logged_once() {
    let fixture = Fixture::new(Temporality::Cumulative, None);
    let counter = fixture.meter().u64_counter("sum").build();
    counter.add(1, &[]);
    let encoded = fixture.collect();
    assert_eq!(dropped(&encoded), [("unsupported_temporality", "sum", 1)]);
    assert_eq!(encoded.report.warnings.len(), 1);
    assert!(
        encoded.report.warnings[0].contains("\"sum\""),
        "{:?}",
        encoded.report.warnings
    );
    counter.add(1, &[KeyValue::new("k", "v")]);
    let encoded = fixture.collect();
    assert_eq!(dropped(&encoded), [("unsupported_temporality", "sum", 2)]);
    assert_eq!(encoded.report.warnings, [""; 0]);
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
    assert_eq!(dropped(&encoded), [("too_many_dimensions", "m", 1)]);
    assert_eq!(encoded.bodies[0].points, 1);
    assert_eq!(encoded.report.warnings.len(), 1);
}

#[test]
fn an_array_is_left_out_and_the_point_is_sent() {
    let fixture = Fixture::new(Temporality::Delta, None);
    let counter = fixture.meter().u64_counter("m").build();
    let array = KeyValue::new("list", Value::Array(Array::I64(vec![1])));
    for expected in [1, 0] {
        counter.add(1, &[array.clone(), KeyValue::new("k", "v")]);
        let encoded = fixture.collect();
        assert!(encoded.bodies[0].text().contains("k=v"));
        assert!(!encoded.bodies[0].text().contains("list"));
        assert_eq!(encoded.report.warnings.len(), expected);
        assert!(encoded.report.dropped.is_empty());
        assert_eq!(encoded.report.altered["array_attribute"], 1);
    }
}

#[test]
fn an_altered_point_is_counted_each_time_and_logged_once_with_the_alteration() {
    let fixture = Fixture::new(Temporality::Delta, None);
    let counter = fixture.meter().u64_counter("a..b").build();
    let dimensions = [("K", "v"), ("k", "a\nb"), ("plain", "a b")];
    let dimensions = dimensions.map(|(key, value)| KeyValue::new(key, value));
    for warnings in [3, 0] {
        for index in 0..4 {
            let mut dimensions = dimensions.to_vec();
            dimensions.push(KeyValue::new("index", index));
            counter.add(1, &dimensions);
        }
        let encoded = fixture.collect();
        for reason in ["metric_key", "dimension_key", "dimension_value"] {
            assert_eq!(encoded.report.altered[reason], 4);
        }
        assert_eq!(encoded.report.altered.len(), 3);
        let said = &encoded.report.warnings;
        assert_eq!(said.len(), warnings, "{said:?}");
        let words = ["sent as a.b", r#""K" is sent as "k""#, r#""k" is altered"#];
        for (warning, words) in said.iter().zip(words) {
            assert!(warning.contains(words), "{warning}");
        }
    }
}

#[test]
fn metadata_goes_before_the_first_line_once() {
    let fixture = Fixture::new(Temporality::Delta, None);
    let meter = fixture.meter();
    let counter = meter
        .u64_counter("m")
        .with_unit("milliseconds")
        .with_description("All of it")
        .build();
    let plain = meter.u64_counter("plain").build();
    counter.add(1, &[]);
    counter.add(1, &[KeyValue::new("k", "v")]);
    plain.add(1, &[]);
    let encoded = fixture.collect();
    let text = encoded.bodies[0].text();
    assert!(
        text.starts_with("#m count dt.meta.unit=ms,dt.meta.description=\"All of it\"\nm,"),
        "{text}"
    );
    assert_eq!((encoded.bodies[0].points, lines(&encoded).len()), (3, 4));
    counter.add(1, &[]);
    assert_eq!(lines(&fixture.collect()), ["m count,delta=1"]);
}

#[test]
fn metadata_is_restated_once_an_hour() {
    let fixture = Fixture::delta(Options {
        max_bytes_per_request: 100,
        ..Options::default()
    });
    let meter = fixture.meter();
    let described = meter.u64_counter("m").with_unit("s").build();
    let too_long = meter.u64_counter("n");
    let too_long = too_long.with_description("d".repeat(100)).build();
    let start = *fixture.recorder.now.lock().expect("whole");
    let minute = Duration::from_secs(60);
    for (minutes, expected, left_out) in [
        (0, 3, Some(&1)),
        (30, 2, None),
        (59, 2, None),
        (60, 3, None),
        (61, 2, None),
        (119, 2, None),
        (120, 3, None),
    ] {
        *fixture.recorder.now.lock().expect("whole") = start + minutes * minute;
        described.add(1, &[]);
        too_long.add(1, &[]);
        let encoded = fixture.collect();
        assert_eq!(lines(&encoded).len(), expected, "{minutes}");
        assert_eq!(encoded.report.altered.get("metadata"), left_out);
    }
}

#[test]
fn a_point_without_a_line_takes_no_metadata_with_it() {
    let fixture = Fixture::new(Temporality::Delta, None);
    let gauge = fixture.meter().f64_gauge("m").with_unit("s").build();
    let many: Vec<_> = (0..60)
        .map(|index| KeyValue::new(format!("k{index}"), "v"))
        .collect();
    gauge.record(1.0, &many);
    assert!(fixture.collect().bodies.is_empty());
    gauge.record(1.0, &[]);
    assert_eq!(
        lines(&fixture.collect()),
        ["#m gauge dt.meta.unit=s", "m gauge,1"]
    );
}

#[test]
fn conflicting_metadata_is_left_out_and_logged_once() {
    let fixture = Fixture::new(Temporality::Delta, None);
    let meters = [fixture.meter(), fixture.provider.meter("other")];
    // One name in two scopes, and two names of one key.
    let counters = [
        (0, "a", "s"),
        (1, "a", "ms"),
        (0, "x_y", "s"),
        (1, "x/y", "By"),
    ]
    .map(|(meter, name, unit)| meters[meter].u64_counter(name).with_unit(unit).build());
    for warnings in [2, 0] {
        for counter in &counters {
            counter.add(1, &[]);
        }
        let encoded = fixture.collect();
        assert_eq!(lines(&encoded).len(), 4, "{encoded:?}");
        assert!(!encoded.bodies[0].text().contains('#'), "{encoded:?}");
        let said = |warning: &&String| warning.contains("differs from another metric");
        let said = encoded.report.warnings.iter().filter(said).count();
        assert_eq!(said, warnings, "{encoded:?}");
    }
}

#[test]
fn a_unit_that_cannot_be_sent_is_left_out_and_counted_once() {
    let fixture = Fixture::new(Temporality::Delta, None);
    let counter = fixture
        .meter()
        .u64_counter("m")
        .with_unit("per second")
        .with_description("d")
        .build();
    counter.add(1, &[]);
    let encoded = fixture.collect();
    assert_eq!(lines(&encoded)[0], "#m count dt.meta.description=d");
    assert_eq!(encoded.report.altered["unit"], 1);
    assert_eq!(encoded.report.warnings.len(), 1);
    counter.add(1, &[]);
    assert!(fixture.collect().report.altered.is_empty());
}

#[test]
fn metadata_that_no_request_holds_is_left_out_and_its_point_is_sent() {
    for (max_lines, max_bytes) in [(1, 1_000), (10, 100)] {
        let fixture = Fixture::delta(Options {
            max_lines_per_request: Some(max_lines),
            max_bytes_per_request: max_bytes,
            ..Options::default()
        });
        let counter = fixture
            .meter()
            .u64_counter("m")
            .with_description("d".repeat(100))
            .build();
        for altered in [Some(&1), None] {
            counter.add(1, &[]);
            let encoded = fixture.collect();
            assert_eq!(lines(&encoded), ["m count,delta=1"]);
            assert_eq!(encoded.report.altered.get("metadata"), altered);
        }
    }
}
