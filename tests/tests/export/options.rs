//! The options of both builders.

use crate::common::export::{Program, payloads};
use crate::common::{AMPLE, server, to};
use dt_metrics::dynatrace::{ConfigError, Exporter};
use dt_metrics::{Error, count};
use dt_metrics_local::protocol::Payload;
use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;

#[test]
fn unchanged_counters_are_sent_only_if_they_are_wanted() {
    own_process!();
    for wanted in [false, true] {
        let server = server();
        let metrics = to(&server).export_zero_counts(wanted).install().unwrap();
        count!("options.zeros", 3, dims("k" = "v"));
        for _ in 0..4 {
            metrics.flush(AMPLE).unwrap();
        }
        let zeros = if wanted { 3 } else { 0 };
        let mut expected = vec![Payload::Count { delta: 3.0 }];
        expected.resize(1 + zeros, Payload::Count { delta: 0.0 });
        assert_eq!(payloads(&server, "options.zeros"), expected);
        let health = metrics.health();
        assert_eq!(health.points_accepted, server.lines().len() as u64);
        assert!(
            server
                .lines()
                .iter()
                .all(|line| line.key == "options.zeros")
        );
        metrics.shutdown(AMPLE).unwrap();
    }
}

#[test]
fn an_observed_counter_that_does_not_move_is_sent_only_if_it_is_wanted() {
    for wanted in [false, true] {
        let program = Program::exporting(|exporter| exporter.export_zero_counts(wanted));
        let meter = program.meter();
        meter
            .u64_observable_counter("m")
            .with_callback(|observer| observer.observe(5, &[KeyValue::new("k", "v")]))
            .build();
        for _ in 0..3 {
            program.flush();
        }
        let deltas: Vec<_> = program
            .server
            .lines()
            .iter()
            .map(dt_metrics_local::Line::delta)
            .collect();
        let expected: &[_] = if wanted {
            &[Some(5.0), Some(0.0), Some(0.0)]
        } else {
            &[Some(5.0)]
        };
        assert_eq!(deltas, expected);
    }
}

#[test]
fn an_instance_is_one_dimension_the_same_on_each_line() {
    own_process!();
    let server = server();
    let metrics = to(&server).instance_dimension(true).install().unwrap();
    for _ in 0..2 {
        count!("options.instance");
        metrics.flush(AMPLE).unwrap();
    }
    metrics.shutdown(AMPLE).unwrap();
    let lines = server.lines();
    let id = lines[0].dimension("service.instance.id").unwrap();
    assert_eq!(id.len(), 36, "{id}");
    assert_eq!(lines[1].dimension("service.instance.id"), Some(id));

    let own = Program::build(
        |exporter| exporter.instance_dimension(true),
        |provider| {
            let own = KeyValue::new("service.instance.id", "own");
            provider.with_resource(Resource::builder_empty().with_attribute(own).build())
        },
    );
    own.meter().u64_counter("m").build().add(1, &[]);
    own.flush();
    let line = &own.server.lines()[0];
    assert_eq!(line.dimension("service.instance.id"), Some("own"));
    let without = Program::new();
    without.meter().u64_counter("m").build().add(1, &[]);
    without.flush();
    assert_eq!(
        without.server.lines()[0].dimension("service.instance.id"),
        None
    );
}

#[test]
fn the_builder_of_the_pipeline_names_attributes_of_its_resource() {
    own_process!();
    let server = server();
    let metrics = to(&server)
        .service_name("checkout")
        .resource_dimensions(["telemetry.sdk.language"])
        .install()
        .unwrap();
    count!("options.resource");
    metrics.shutdown(AMPLE).unwrap();
    let expected = [
        ("service.name", "checkout"),
        ("telemetry.sdk.language", "rust"),
    ];
    assert!(
        server.lines()[0].has_dimensions(&expected),
        "{:?}",
        server.lines()
    );
}

#[test]
fn dimensions_that_leave_no_room_are_an_error() {
    own_process!();
    let many = |count: usize| (0..count).map(|index| (format!("k{index}"), "v"));
    // One more says where the metrics come from.
    let fits = Exporter::builder().default_dimensions(many(48)).build();
    assert!(fits.is_ok(), "{fits:?}");
    let error = Exporter::builder().default_dimensions(many(49)).build();
    match error {
        Err(error @ ConfigError::TooManyDefaultDimensions { count: 50, .. }) => {
            assert!(error.to_string().contains("50 dimensions"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    let error = dt_metrics::builder()
        .default_dimensions(many(60))
        .install()
        .unwrap_err();
    match error {
        Error::Config(ConfigError::TooManyDefaultDimensions { count, .. }) => assert_eq!(count, 61),
        other => panic!("{other:?}"),
    }
}
