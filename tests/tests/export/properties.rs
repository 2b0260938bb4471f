//! Properties of everything that a program records with the OpenTelemetry API: every line that is
//! sent is accepted, no point is lost without being counted, no request is over a limit.

use crate::common::proof::Pipeline;
use dt_metrics::dynatrace::Exporter;
use dt_metrics::line::MetricKey;
use dt_metrics_local::Server;
use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry::{Array, KeyValue, StringValue, Value};
use opentelemetry_sdk::metrics::{Aggregation, Instrument, Stream};
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
enum Kind {
    CountU64,
    CountF64,
    UpDownI64,
    UpDownF64,
    GaugeU64,
    GaugeI64,
    GaugeF64,
    HistogramU64,
    HistogramF64,
    /// Without minimum and maximum.
    Bare,
    Exponential,
}

const KINDS: [Kind; 11] = [
    Kind::CountU64,
    Kind::CountF64,
    Kind::UpDownI64,
    Kind::UpDownF64,
    Kind::GaugeU64,
    Kind::GaugeI64,
    Kind::GaugeF64,
    Kind::HistogramU64,
    Kind::HistogramF64,
    Kind::Bare,
    Kind::Exponential,
];

/// A number of any type: each kind of instrument takes its part.
#[derive(Clone, Copy, Debug)]
struct Number {
    integer: u64,
    float: f64,
}

#[derive(Clone, Debug)]
struct Measurement {
    kind: Kind,
    number: Number,
    attributes: Vec<KeyValue>,
}

impl Measurement {
    fn record(&self, meter: &Meter) {
        let Number { integer, float } = self.number;
        let signed = integer.cast_signed();
        let attributes = &self.attributes;
        let name = self.kind.instrument();
        match self.kind {
            Kind::CountU64 => meter.u64_counter(name).build().add(integer, attributes),
            Kind::CountF64 => meter.f64_counter(name).build().add(float.abs(), attributes),
            Kind::UpDownI64 => {
                // Their sum may not overflow: the SDK would wrap it.
                let part = signed / 1_000;
                meter
                    .i64_up_down_counter(name)
                    .build()
                    .add(part, attributes);
            }
            Kind::UpDownF64 => meter
                .f64_up_down_counter(name)
                .build()
                .add(float, attributes),
            Kind::GaugeU64 => meter.u64_gauge(name).build().record(integer, attributes),
            Kind::GaugeI64 => meter.i64_gauge(name).build().record(signed, attributes),
            Kind::GaugeF64 => meter.f64_gauge(name).build().record(float, attributes),
            Kind::HistogramU64 => {
                // As above.
                let part = integer / 1_000;
                meter.u64_histogram(name).build().record(part, attributes);
            }
            Kind::HistogramF64 | Kind::Bare | Kind::Exponential => {
                // The sum of finite values stays finite: an infinite one can be several lines.
                let part = float / 1_000.0;
                meter.f64_histogram(name).build().record(part, attributes);
            }
        }
    }
}

impl Kind {
    fn instrument(self) -> &'static str {
        match self {
            Self::CountU64 => "count.u64",
            Self::CountF64 => "count.f64",
            Self::UpDownI64 => "up_down_counter.i64",
            Self::UpDownF64 => "up_down_counter.f64",
            Self::GaugeU64 => "gauge.u64",
            Self::GaugeI64 => "gauge.i64",
            Self::GaugeF64 => "gauge.f64",
            Self::HistogramU64 => "histogram.u64",
            Self::HistogramF64 => "histogram.f64",
            Self::Bare => "histogram.bare",
            Self::Exponential => "histogram.exponential",
        }
    }
}

/// The name and the description of a metric.
#[derive(Clone, Debug)]
struct Words {
    name: String,
    description: String,
    unit: String,
}

/// The SDK checks the names of instruments, but not names that a view sets.
fn view(words: Vec<Words>) -> impl Fn(&Instrument) -> Option<Stream> + Send + Sync {
    move |instrument| {
        let place = KINDS
            .iter()
            .position(|kind| kind.instrument() == instrument.name())?;
        let Words {
            name,
            description,
            unit,
        } = words[place].clone();
        let stream = Stream::builder()
            .with_name(name)
            .with_description(description)
            .with_unit(unit);
        let stream = match KINDS[place] {
            Kind::Bare => stream.with_aggregation(Aggregation::ExplicitBucketHistogram {
                boundaries: vec![-1e300, -1.0, 0.0, 1e-300, 1.0, 1e300],
                record_min_max: false,
            }),
            Kind::Exponential => stream.with_aggregation(Aggregation::Base2ExponentialHistogram {
                max_size: 20,
                max_scale: 10,
                record_min_max: false,
            }),
            _ => stream,
        };
        stream.build().ok()
    }
}

/// Any text, mostly with something in it that a line cannot have.
fn text() -> impl Strategy<Value = String> {
    let special = proptest::sample::select(vec![
        '"',
        '\\',
        ',',
        '=',
        ' ',
        '.',
        '-',
        '_',
        ':',
        '#',
        '/',
        '\n',
        '\r',
        '\t',
        '\0',
        '\u{7f}',
        '\u{85}',
        '\u{ad}',
        '\u{2028}',
        '\u{2029}',
        '\u{e000}',
        '\u{378}',
        '\u{130}',
        '\u{212a}',
        '😀',
        '日',
        '\u{1f9ff}',
    ]);
    let plain = proptest::char::ranges(vec!['a'..='z', 'A'..='Z', '0'..='9'].into());
    let character = prop_oneof![3 => special, 4 => plain, 1 => any::<char>()];
    proptest::collection::vec(character, 0..12).prop_map(|chars| chars.into_iter().collect())
}

/// Also far too long, and in quotes.
fn value_text() -> impl Strategy<Value = String> {
    let long = proptest::collection::vec(text(), 1..4)
        .prop_flat_map(|parts| (Just(parts.concat()), 1_usize..300))
        .prop_map(|(part, times)| part.repeat(times));
    let any = prop_oneof![8 => text(), 1 => long];
    (any, prop::bool::weighted(0.2)).prop_map(
        |(text, quoted)| {
            if quoted { format!("\"{text}\"") } else { text }
        },
    )
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => value_text().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => proptest::num::f64::ANY.prop_map(Value::from),
        1 => proptest::collection::vec(value_text(), 0..3).prop_map(|texts| {
            let texts = texts.into_iter().map(StringValue::from).collect();
            Value::Array(Array::String(texts))
        }),
    ]
}

fn words() -> impl Strategy<Value = Words> {
    let name = prop_oneof![
        8 => value_text(),
        1 => text().prop_map(|text| format!("dt.{text}")),
        2 => Just("one.name".to_owned()),
    ];
    // The SDK takes any ASCII up to this length.
    let unit = prop_oneof![
        "[ -~\n\t\0]{0,63}",
        proptest::sample::select(vec!["1", "ms", "milliseconds", "Bytes", "{request}"])
            .prop_map(ToOwned::to_owned),
    ];
    (name, value_text(), unit).prop_map(|(name, description, unit)| Words {
        name: long_enough(name),
        description,
        unit,
    })
}

/// Dynatrace refuses keys of fewer than three characters.
fn long_enough(name: String) -> String {
    match MetricKey::new(&name) {
        Some(key) if key.as_str().len() < 3 => format!("long{name}"),
        _ => name,
    }
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    let attribute = || (text(), value()).prop_map(|(key, value)| KeyValue::new(key, value));
    prop_oneof![
        12 => proptest::collection::vec(attribute(), 0..8),
        1 => proptest::collection::vec(attribute(), 45..65),
    ]
}

fn number() -> impl Strategy<Value = Number> {
    let integer = prop_oneof![
        any::<u64>(),
        proptest::sample::select(vec![0, 1, u64::MAX, 1 << 63]),
    ];
    let float = prop_oneof![
        proptest::num::f64::ANY,
        proptest::sample::select(vec![
            0.0,
            -0.0,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MAX,
            f64::MIN,
            f64::MIN_POSITIVE,
            0.1,
        ]),
        -1e6..1e6_f64,
    ];
    (integer, float).prop_map(|(integer, float)| Number { integer, float })
}

fn measurement() -> impl Strategy<Value = Measurement> {
    (proptest::sample::select(&KINDS), number(), attributes()).prop_map(
        |(kind, number, attributes)| Measurement {
            kind,
            number,
            attributes,
        },
    )
}

#[derive(Clone, Copy, Debug)]
struct Limits {
    lines: usize,
    bytes: usize,
}

fn limits() -> impl Strategy<Value = Limits> {
    let lines = prop_oneof![1_usize..5, 5_usize..1_000];
    let bytes = prop_oneof![50_usize..500, 500_usize..1_000_000];
    (lines, bytes).prop_map(|(lines, bytes)| Limits { lines, bytes })
}

fn exporter(server: &Server, limits: Limits) -> Exporter {
    Exporter::builder()
        .endpoint(server.url())
        .max_lines_per_request(limits.lines)
        .max_bytes_per_request(limits.bytes)
        .default_dimension("env", "prod, \"quoted\"\n")
        .build()
        .expect("the exporter starts")
}

/// Delivers the measurements of two cycles and checks the received lines.
fn check(
    words: Vec<Words>,
    cycles: [&[Measurement]; 2],
    limits: Limits,
) -> Result<(), TestCaseError> {
    let server = Server::builder().start().expect("a port");
    let pipeline = Pipeline::new(exporter(&server, limits), view(words));
    let meter = pipeline.provider.meter("hostile");
    for measurements in cycles {
        for measurement in measurements {
            measurement.record(&meter);
        }
        pipeline.deliver();
    }

    prop_assert_eq!(server.rejected(), []);
    let (totals, health) = (server.totals(), pipeline.exporter.health());
    prop_assert_eq!(
        pipeline.points(),
        totals.lines + health.points_dropped,
        "dropped {:?}",
        health.dropped
    );
    // Metadata is not a data point.
    prop_assert_eq!(health.points_accepted, totals.lines);
    prop_assert_eq!(health.points_rejected, 0);
    for request in server.requests() {
        prop_assert!((1..=limits.lines).contains(&request.lines));
        prop_assert!(request.bytes <= limits.bytes as u64);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_line_is_accepted_and_every_point_accounted_for(
        words in proptest::collection::vec(words(), KINDS.len()),
        first in proptest::collection::vec(measurement(), 0..40),
        second in proptest::collection::vec(measurement(), 0..20),
        limits in limits(),
    ) {
        check(words, [&first, &second], limits)?;
    }
}

/// A line per position of each special character, all with the same limits.
#[test]
fn special_characters_at_every_position() {
    let server = Server::builder().start().expect("a port");
    let limits = Limits {
        lines: 1_000,
        bytes: 1_000_000,
    };
    let pipeline = Pipeline::new(exporter(&server, limits), |_: &Instrument| None);
    let meter = pipeline.provider.meter("hostile");
    let mut measured = 0;
    for (i, special) in [
        "\"", "\\", ",", "=", " ", "\n", "\r\n", "😀", "\\\"", "\u{2028}",
    ]
    .iter()
    .enumerate()
    {
        let counter = meter.u64_counter(format!("positions.{i}")).build();
        for position in 0..300 {
            let text = format!(
                "{}{special}{}",
                "x".repeat(position),
                "y".repeat(300 - position)
            );
            counter.add(1, &[KeyValue::new("value", text.clone())]);
            counter.add(1, &[KeyValue::new("value", format!("\"{text}\""))]);
            counter.add(1, &[KeyValue::new(text, "value")]);
            measured += 3;
        }
    }
    pipeline.deliver();

    assert_eq!(server.rejected(), []);
    assert_eq!(server.totals().lines, measured);
    for line in server.lines() {
        let keys: Vec<_> = line
            .dimensions
            .iter()
            .map(|(key, _)| key.as_str())
            .collect();
        assert_eq!(keys.len(), 3, "{line}");
        assert!(
            keys.contains(&"env") && keys.contains(&"dt.metrics.source"),
            "{line}"
        );
        if let Some(value) = line.dimension("value") {
            assert!(value.starts_with('x') || !value.starts_with('y'), "{line}");
        }
    }
}
