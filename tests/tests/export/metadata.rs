//! Metadata of metrics, as Dynatrace receives it.

use crate::common::export::Program;
use dt_metrics_local::protocol::{Metadata, MetricType};
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;

fn only(program: &Program) -> Metadata {
    let mut metadata = program.server.metadata();
    assert_eq!(metadata.len(), 1, "{metadata:?}");
    metadata.remove(0)
}

fn described(program: &Program) -> u64 {
    program.server.totals().metadata
}

#[test]
fn unit_and_description_come_with_the_first_point_and_once() {
    let program = Program::exporting(|exporter| exporter.prefix("shop"));
    let histogram = program
        .meter()
        .f64_histogram("duration")
        .with_unit("milliseconds")
        .with_description("Time taken, \"all\" of it\nand a backslash \\")
        .build();
    for _ in 0..3 {
        histogram.record(1.0, &[]);
        histogram.record(2.0, &[KeyValue::new("k", "v")]);
        program.flush();
    }
    let metadata = only(&program);
    assert_eq!(metadata.key, "shop.duration");
    assert_eq!(metadata.metric_type, MetricType::Gauge);
    assert_eq!(metadata.unit.as_deref(), Some("ms"));
    assert_eq!(
        metadata.description.as_deref(),
        Some("Time taken, \"all\" of it\nand a backslash \\")
    );
    assert_eq!(described(&program), 1);
    // Data points are counted, and nothing else.
    assert_eq!(program.exporter.health().points_accepted, 6);
}

#[test]
fn a_description_that_changes_is_sent_again() {
    let program = Program::new();
    for description in ["first", "second"] {
        for _ in 0..2 {
            let meter = program.meter();
            let counter = meter
                .u64_counter("mmm")
                .with_description(description)
                .build();
            counter.add(1, &[]);
            program.flush();
        }
    }
    assert_eq!(described(&program), 2);
}

#[test]
fn two_scopes_that_disagree_are_both_not_described() {
    let program = Program::new();
    for _ in 0..3 {
        for (scope, name, description) in [
            ("a", "met", "one"),
            ("b", "met", "other"),
            ("a", "x_y", "one"),
            ("a", "x/y", "other"),
            ("a", "agreed", "same"),
            ("b", "agreed", "same"),
        ] {
            let meter = program.provider.meter(scope);
            let counter = meter
                .u64_counter(name)
                .with_description(description)
                .build();
            counter.add(1, &[]);
        }
        program.flush();
    }
    assert_eq!(only(&program).key, "agreed");
    assert_eq!(program.server.counter_total("x_y", &[]), 6.0);
    assert_eq!(program.exporter.health().altered["metadata"], 2);
}

#[test]
fn a_unit_that_cannot_be_sent_costs_only_itself() {
    let program = Program::new();
    let meter = program.meter();
    let counter = meter
        .u64_counter("mmm")
        .with_unit("per, second")
        .with_description("d")
        .build();
    for _ in 0..2 {
        counter.add(1, &[]);
        program.flush();
    }
    let metadata = only(&program);
    assert_eq!(
        (metadata.unit, metadata.description),
        (None, Some("d".into()))
    );
    assert!(program.server.rejected().is_empty());
    assert_eq!(program.exporter.health().altered["unit"], 1);
}

#[test]
fn metadata_that_is_refused_makes_no_point_look_refused() {
    let program = Program::new();
    let body = r#"{"linesOk":1,"linesInvalid":1,"error":{"code":400,"message":"1 invalid line",
        "invalidLines":[{"line":1,"error":"no such unit"}]}}"#;
    let answer = dt_metrics_local::Answer::new(400).body(body);
    program.server.answer_next(answer, 1).unwrap();
    let counter = program.meter().u64_counter("mmm").with_unit("s").build();
    counter.add(1, &[]);
    program.flush();
    let health = program.exporter.health();
    assert_eq!((health.points_accepted, health.points_rejected), (1, 0));
    let said = health.last_error.unwrap();
    assert!(
        said.contains("1 of 2 lines") && said.contains("no such unit"),
        "{said}"
    );
    // It was looked at: it would be refused again.
    counter.add(1, &[]);
    program.flush();
    assert_eq!(described(&program), 0);
}

#[test]
fn metadata_counts_in_the_limits_of_a_request_and_stays_with_its_data() {
    let program = Program::exporting(|exporter| exporter.max_lines_per_request(3));
    let meter = program.meter();
    for index in 0..10 {
        let counter = meter
            .u64_counter(format!("met{index}"))
            .with_unit("s")
            .build();
        counter.add(1, &[]);
    }
    program.flush();
    let requests = program.server.requests();
    assert_eq!(requests.len(), 10);
    assert_eq!(described(&program), 10);
    assert_eq!(program.server.lines().len(), 10);
}
