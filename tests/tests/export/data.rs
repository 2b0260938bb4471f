//! Everything that the SDK can measure, as Dynatrace gets it.

use crate::common::export::{Program, payloads};
use dt_metrics_local::protocol::Payload;
use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry::{Array, InstrumentationScope, KeyValue, Value};
use opentelemetry_sdk::metrics::{Aggregation, Instrument, Stream, Temporality};

/// The payloads sent for the points of one instrument.
fn sent(record: impl FnOnce(&Meter)) -> Vec<Payload> {
    let program = Program::new();
    record(&program.meter());
    program.flush();
    assert!(program.server.rejected().is_empty());
    payloads(&program.server, "met")
}

#[test]
fn sums_and_gauges_of_each_type() {
    let count = |delta| vec![Payload::Count { delta }];
    let gauge = |value| vec![Payload::Gauge { value }];
    let none = &[];
    assert_eq!(
        sent(|m| m.u64_counter("met").build().add(7, none)),
        count(7.0)
    );
    assert_eq!(
        sent(|m| m.u64_counter("met").build().add(u64::MAX, none)),
        count(18_446_744_073_709_551_615.0)
    );
    assert_eq!(
        sent(|m| m.f64_counter("met").build().add(0.25, none)),
        count(0.25)
    );
    assert_eq!(
        sent(|m| m.i64_up_down_counter("met").build().add(i64::MIN, none)),
        gauge(-9_223_372_036_854_775_808.0)
    );
    assert_eq!(
        sent(|m| m.f64_up_down_counter("met").build().add(-0.5, none)),
        gauge(-0.5)
    );
    assert_eq!(
        sent(|m| m.u64_gauge("met").build().record(0, none)),
        gauge(0.0)
    );
    assert_eq!(
        sent(|m| m.i64_gauge("met").build().record(-3, none)),
        gauge(-3.0)
    );
    assert_eq!(
        sent(|m| m.f64_gauge("met").build().record(1e-300, none)),
        gauge(1e-300)
    );
    let observed = sent(|m| {
        let m = m.i64_observable_up_down_counter("met");
        m.with_callback(|observer| observer.observe(-8, &[]))
            .build();
    });
    assert_eq!(observed, gauge(-8.0));
}

#[test]
fn histograms_with_and_without_recorded_bounds() {
    let explicit = |record_min_max| Aggregation::ExplicitBucketHistogram {
        boundaries: vec![0.0, 10.0, 20.0],
        record_min_max,
    };
    let exponential = |record_min_max| Aggregation::Base2ExponentialHistogram {
        max_size: 160,
        max_scale: 0,
        record_min_max,
    };
    let values = [-3.0, 0.0, 0.0, 12.0, 33.0];
    for (aggregation, min, max) in [
        (explicit(true), -3.0, 33.0),
        // The first bucket and the last bucket are open: their only bound is the estimate.
        (explicit(false), 0.0, 20.0),
        (exponential(true), -3.0, 33.0),
        (exponential(false), -4.0, 64.0),
    ] {
        let program = Program::with_view(move |_: &Instrument| {
            let stream = Stream::builder().with_aggregation(aggregation.clone());
            stream.build().ok()
        });
        let histogram = program.meter().f64_histogram("met").build();
        for value in values {
            histogram.record(value, &[]);
        }
        program.flush();
        let expected = Payload::Summary {
            min,
            max,
            sum: 42.0,
            count: 5,
        };
        assert_eq!(payloads(&program.server, "met"), [expected]);
        // Nothing recorded, nothing sent.
        program.flush();
        assert_eq!(program.server.lines().len(), 1);
    }
}

#[test]
fn attributes_of_each_type_and_arrays_of_none() {
    let program = Program::new();
    let attributes = [
        KeyValue::new("text", "a b"),
        KeyValue::new("bool", true),
        KeyValue::new("int", i64::MIN),
        KeyValue::new("float", 0.5),
        KeyValue::new("whole", 3.0),
        KeyValue::new("list", Value::Array(Array::I64(vec![1, 2]))),
    ];
    for _ in 0..2 {
        program
            .meter()
            .u64_counter("met")
            .build()
            .add(1, &attributes);
        program.flush();
    }
    let lines = program.server.lines();
    let expected = [
        ("text", "a b"),
        ("bool", "true"),
        ("int", "-9223372036854775808"),
        ("float", "0.5"),
        ("whole", "3"),
        ("dt.metrics.source", "opentelemetry"),
    ];
    for line in &lines {
        assert!(line.has_dimensions(&expected), "{line}");
        assert_eq!(line.dimensions.len(), expected.len(), "{line}");
    }
    let health = program.exporter.health();
    assert_eq!((lines.len(), health.altered["array_attribute"]), (2, 2));
}

#[test]
fn scope_and_resource_are_dimensions() {
    let program = Program::build(
        |exporter| {
            exporter
                .default_dimension("env", "default")
                .resource_dimensions(["host.name"])
                .resource_dimensions(["k8s.pod.name", "missing"])
        },
        |provider| {
            let attributes = [
                KeyValue::new("service.name", "checkout"),
                KeyValue::new("host.name", "h-1"),
                KeyValue::new("k8s.pod.name", "p-1"),
                KeyValue::new("not.named", "x"),
            ];
            let resource = opentelemetry_sdk::Resource::builder_empty();
            provider.with_resource(resource.with_attributes(attributes).build())
        },
    );
    let scope = InstrumentationScope::builder("library")
        .with_attributes(["team", "env", "k"].map(|key| KeyValue::new(key, "scope")))
        .build();
    program
        .provider
        .meter_with_scope(scope)
        .u64_counter("met")
        .build()
        .add(1, &[KeyValue::new("k", "measured")]);
    program.meter().u64_counter("net").build().add(1, &[]);
    program.flush();
    let of = |key: &str| {
        let lines = program.server.lines();
        let mut line = lines.into_iter().find(|line| line.key == key).unwrap();
        line.dimensions.sort();
        line.dimensions
    };
    let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        let all = [
            ("dt.metrics.source", "opentelemetry"),
            ("host.name", "h-1"),
            ("k8s.pod.name", "p-1"),
            ("service.name", "checkout"),
        ];
        let mut all = [&all, pairs].concat();
        all.sort_unstable();
        let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        all.into_iter().map(owned).collect()
    };
    assert_eq!(
        of("met"),
        pairs(&[("env", "scope"), ("k", "measured"), ("team", "scope")])
    );
    assert_eq!(of("net"), pairs(&[("env", "default")]));
}

#[test]
fn overflow_is_one_separate_series() {
    let program = Program::with_view(|_: &Instrument| {
        Stream::builder().with_cardinality_limit(2).build().ok()
    });
    let counter = program.meter().u64_counter("met").build();
    for index in 0..10 {
        counter.add(1, &[KeyValue::new("index", index)]);
    }
    program.flush();
    let overflow = [("otel.metric.overflow", "true")];
    assert_eq!(program.server.counter_total("met", &overflow), 8.0);
    assert_eq!(program.server.counter_total("met", &[]), 10.0);
}

#[test]
fn a_temporality_that_cannot_be_sent_is_refused_and_counted() {
    let program = Program::with_temporality(Temporality::Cumulative);
    let meter = program.meter();
    for cycle in 1..=2 {
        meter.u64_counter("met").build().add(1, &[]);
        meter.f64_histogram("his").build().record(1.0, &[]);
        meter.i64_up_down_counter("fine").build().add(1, &[]);
        program.flush();
        let health = program.exporter.health();
        assert_eq!(health.points_dropped, 2 * cycle);
        assert_eq!(health.dropped["unsupported_temporality"], 2 * cycle);
        assert_eq!(health.points_accepted, cycle);
    }
}

/// Every way to write something that would break a line.
#[test]
fn hostile_points_are_sent_or_counted_and_cost_no_other() {
    let program = Program::new();
    let meter = program.meter();
    let special = [
        "\n", "\r\n", "\"", "\\", ",", "=", " ", "\u{0}", "\u{2028}", "🦀", "#",
    ];
    let mut points = 0;
    let mut expected_drops = 0;
    for special in special {
        for text in [
            special.to_owned(),
            format!("{special}a"),
            format!("a{special}"),
            format!("a{special}b"),
            format!("\"a{special}b\""),
            special.repeat(400),
            format!("{}{special}", "x".repeat(254)),
            format!("x gauge,1{special}injected,k=v count,delta=99"),
        ] {
            let attributes = [
                KeyValue::new(text.clone(), text.clone()),
                KeyValue::new("k", text),
            ];
            meter.u64_counter("met").build().add(u64::MAX, &attributes);
            points += 1;
        }
    }
    let many: Vec<_> = (0..60)
        .map(|index| KeyValue::new(format!("k{index}"), "v"))
        .collect();
    meter.u64_counter("met").build().add(1, &many);
    let gauge = meter.f64_observable_gauge("gau");
    gauge
        .with_callback(|observer| {
            observer.observe(f64::MAX, &[KeyValue::new("n", 1)]);
            observer.observe(f64::MIN_POSITIVE, &[KeyValue::new("n", 2)]);
        })
        .build();
    points += 3;
    expected_drops += 1;
    program.flush();
    let health = program.exporter.health();
    assert!(
        program.server.rejected().is_empty(),
        "{:?}",
        program.server.rejected()
    );
    assert_eq!(health.points_dropped, expected_drops);
    assert_eq!(health.dropped["too_many_dimensions"], expected_drops);
    assert_eq!(health.points_accepted + health.points_dropped, points);
    let lines = program.server.lines();
    assert_eq!(lines.len() as u64, health.points_accepted);
    assert!(
        lines
            .iter()
            .all(|line| ["met", "gau"].contains(&line.key.as_str()))
    );
}
