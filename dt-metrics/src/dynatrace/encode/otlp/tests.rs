//! The bytes of any collection of a real provider decode to the messages of [`model`].

mod model;

use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry::{Array, InstrumentationScope, KeyValue, StringValue, Value};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{
    Aggregation, Instrument, PeriodicReader, SdkMeterProvider, Stream, Temporality,
};
use proptest::prelude::*;
use prost::Message as _;
use tokio::time::Instant;

use crate::dynatrace::config::Config;
use crate::dynatrace::config::options::Options;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::encode::idle::{Ended, IdleLevels};
use crate::dynatrace::encode::otlp::OtlpEncoder;
use crate::dynatrace::encode::otlp::parts::{metrics, partition, remove_empty};
use crate::dynatrace::encode::warnings::{SCOPE, STREAM_SCHEMA};

/// Encodes each collection in both ways.
#[derive(Clone)]
struct Both {
    config: Config,
    temporality: Temporality,
    written: Arc<Mutex<Vec<Body>>>,
    expected: Arc<Mutex<ExportMetricsServiceRequest>>,
}

/// Levels of zero have ended.
fn ended(metrics: &ResourceMetrics) -> Ended {
    IdleLevels::new(Some(Duration::ZERO)).ended(metrics, Instant::now())
}

impl PushMetricExporter for Both {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let mut bodies = Vec::new();
        let encoder = OtlpEncoder::new(&self.config);
        let last = encoder.encode(metrics, ended(metrics), |full| bodies.extend(full));
        bodies.extend(last);
        *self.written.lock().expect("whole") = bodies;
        let expected = model::encode(&self.config, metrics, ended(metrics));
        *self.expected.lock().expect("whole") = expected;
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

/// A measurement of one of the instruments.
#[derive(Clone, Debug)]
struct Measurement {
    scope: usize,
    instrument: usize,
    value: f64,
    attributes: Vec<KeyValue>,
}

impl Measurement {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "casts saturate, and any number will do"
    )]
    fn record(&self, meters: &[Meter]) {
        let (meter, value, all) = (&meters[self.scope], self.value, &*self.attributes);
        match self.instrument {
            0 => meter.u64_counter("calls").build().add(value as u64, all),
            1 => meter.f64_counter("seconds").build().add(value.abs(), all),
            2 => meter
                .i64_up_down_counter("open")
                .with_unit("{item}")
                .build()
                .add(value as i64, all),
            3 => meter.f64_up_down_counter("load").build().add(value, all),
            4 => meter.u64_gauge("depth").build().record(value as u64, all),
            5 => meter.f64_gauge("heat").build().record(value, all),
            6 => meter
                .f64_histogram("size")
                .with_description("How large")
                .with_boundaries(vec![-1.0, 0.0, 1.0, 1e300])
                .build()
                .record(value, all),
            7 => meter
                .u64_histogram("count")
                .with_boundaries(Vec::new())
                .build()
                // The SDK's own sum overflows.
                .record((value as u64).min(9), all),
            _ => meter
                .f64_histogram("exponential")
                .build()
                .record(value, all),
        }
    }
}

fn view(instrument: &Instrument) -> Option<Stream> {
    let aggregation = Aggregation::Base2ExponentialHistogram {
        max_size: 20,
        max_scale: 5,
        record_min_max: true,
    };
    let stream = Stream::builder().with_aggregation(aggregation);
    (instrument.name() == "exponential").then(|| stream.build().expect("valid"))
}

fn provider(exporter: Both) -> (SdkMeterProvider, Vec<Meter>) {
    let reader = PeriodicReader::builder(exporter)
        .with_interval(Duration::from_secs(3_600))
        .build();
    let attributes = [
        KeyValue::new("service.name", "shop"),
        KeyValue::new("ratio", 0.5),
        KeyValue::new("zones", Value::Array(Array::I64(vec![1, -2]))),
    ];
    let resource = Resource::builder_empty()
        .with_schema_url(attributes, "urn:resource")
        .build();
    let provider = SdkMeterProvider::builder()
        .with_resource(resource)
        .with_reader(reader)
        .with_view(view)
        .build();
    let scopes = [
        InstrumentationScope::builder("shop")
            .with_version("1.2")
            .with_schema_url("urn:scope")
            .with_attributes([KeyValue::new("team", "blue"), KeyValue::new("load", 0.25)])
            .build(),
        InstrumentationScope::builder(SCOPE)
            .with_schema_url(format!("{STREAM_SCHEMA}1"))
            .build(),
    ];
    let meters = scopes.map(|scope| provider.meter_with_scope(scope)).into();
    (provider, meters)
}

/// The data points in this range, in a request of their own.
fn slice(request: &ExportMetricsServiceRequest, range: &Range<u64>) -> ExportMetricsServiceRequest {
    let mut part = request.clone();
    let mut points = 0..;
    for metric in metrics(&mut part) {
        if let Some(data) = metric.data.take() {
            let is_outside = |_: &mut _| !points.next().is_some_and(|it| range.contains(&it));
            [metric.data, _] = partition(data, is_outside);
        }
    }
    remove_empty(&mut part);
    part
}

fn count(request: &ExportMetricsServiceRequest) -> u64 {
    crate::dynatrace::encode::otlp::parts::count(&request.encode_to_vec()).expect("a request")
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        "[a-zé]{0,9}".prop_map(Value::from),
        // Beyond a length of one byte, and of two.
        (100_usize..200).prop_map(|length| "x".repeat(length).into()),
        Just("x".repeat(17_000).into()),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop_oneof![Just(0.5), Just(1e300), Just(f64::NAN), any::<f64>()].prop_map(Value::from),
        prop::collection::vec(any::<bool>(), 0..3).prop_map(|it| Value::Array(Array::Bool(it))),
        prop::collection::vec(any::<i64>(), 0..3).prop_map(|it| Value::Array(Array::I64(it))),
        prop::collection::vec(any::<f64>(), 0..3).prop_map(|it| Value::Array(Array::F64(it))),
        prop::collection::vec("[a-z]{0,3}".prop_map(StringValue::from), 0..60)
            .prop_map(|it| Value::Array(Array::String(it))),
    ]
}

fn any_measurement() -> impl Strategy<Value = Measurement> {
    const KEYS: [&str; 7] = ["a", "b", "host", "default", "both", "service.name", ""];
    let value = prop_oneof![
        -3_i8..3,
        // Sums that are infinite.
        Just(i8::MAX),
        Just(i8::MIN),
    ];
    let value = value.prop_map(|value| match value {
        i8::MAX => f64::MAX,
        i8::MIN => f64::MIN,
        value => f64::from(value) / 2.0,
    });
    let attributes = prop::collection::btree_map(0..KEYS.len(), any_value(), 0..4);
    let attributes = attributes.prop_map(|all| {
        let all = all.into_iter();
        all.map(|(key, value)| KeyValue::new(KEYS[key], value))
            .collect()
    });
    (0_usize..2, 0_usize..9, value, attributes).prop_map(
        |(scope, instrument, value, attributes)| Measurement {
            scope,
            instrument,
            value,
            attributes,
        },
    )
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = pairs.iter();
    pairs
        .map(|(key, value)| ((*key).into(), (*value).into()))
        .collect()
}

proptest! {
    #[test]
    fn the_bytes_are_those_of_the_messages_within_the_limits(
        measurements in prop::collection::vec(any_measurement(), 0..25),
        is_delta in any::<bool>(),
        has_dimensions in any::<bool>(),
        max_points in prop_oneof![1_usize..6, Just(15_000)],
        max_bytes in prop_oneof![100_usize..3_000, Just(4_000_000)],
    ) {
        let mut config = Config::resolve(Options::default(), &|_| None).expect("valid");
        let options = &mut config.options;
        options.max_lines_per_request = Some(max_points);
        options.max_bytes_per_request = max_bytes;
        if has_dimensions {
            options.prefix = Some("shop".into());
            options.default_dimensions = pairs(&[("default", "1"), ("both", "2"), ("none", "")]);
            options.resource_dimensions =
                ["ratio", "zones", "service.name", "default"].map(Into::into).into();
            config.host_dimensions = pairs(&[("host", "h"), ("both", "3"), ("nothing", "")]);
            config.instance = Some("i-1".into());
        }
        let exporter = Both {
            config,
            temporality: if is_delta { Temporality::Delta } else { Temporality::Cumulative },
            written: Arc::default(),
            expected: Arc::default(),
        };
        let (provider, meters) = provider(exporter.clone());
        for measurement in &measurements {
            measurement.record(&meters);
        }
        provider.force_flush().expect("encoded");
        let expected = exporter.expected.lock().expect("whole");
        let bodies = exporter.written.lock().expect("whole");
        let mut start = 0;
        for (index, body) in bodies.iter().enumerate() {
            let end = start + body.points;
            let part = slice(&expected, &(start..end));
            let decoded = ExportMetricsServiceRequest::decode(body.bytes()).expect("protobuf");
            // As text, since some numbers are not equal to themselves.
            prop_assert_eq!(format!("{decoded:?}"), format!("{part:?}"));
            prop_assert_eq!(body.len(), part.encoded_len(), "no byte more than necessary");
            prop_assert!(body.points <= max_points as u64);
            prop_assert!(body.len() <= max_bytes || body.points == 1);
            let is_last = index + 1 == bodies.len();
            let one_more = slice(&expected, &(start..end + 1)).encoded_len();
            prop_assert!(
                is_last || body.points == max_points as u64 || one_more > max_bytes,
                "a request ends before it is full"
            );
            start = end;
        }
        prop_assert_eq!(start, count(&expected));
    }
}
