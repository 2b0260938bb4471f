//! The options of both builders.

use crate::common::export::{Program, payloads};
use crate::common::{AMPLE, server, to};
use dt_metrics::dynatrace::{ConfigError, Exporter};
use dt_metrics::{Error, count};
use dt_metrics_local::protocol::Payload;
use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;

#[test]
fn counters_that_do_not_move_are_not_sent() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    count!("options.moved", 3, dims("k" = "v"));
    for _ in 0..4 {
        metrics.flush(AMPLE).unwrap();
    }
    assert_eq!(
        payloads(&server, "options.moved"),
        [Payload::Count { delta: 3.0 }]
    );
    let health = metrics.health();
    assert_eq!(health.points_accepted, server.lines().len() as u64);
    metrics.shutdown(AMPLE).unwrap();
}

#[test]
fn an_observed_counter_that_does_not_move_is_not_sent() {
    let program = Program::exporting(|exporter| exporter);
    let meter = program.meter();
    meter
        .u64_observable_counter("met")
        .with_callback(|observer| observer.observe(5, &[KeyValue::new("k", "v")]))
        .build();
    for _ in 0..3 {
        program.flush();
    }
    let lines = program.server.lines();
    let deltas: Vec<_> = lines.iter().map(dt_metrics_local::Line::delta).collect();
    assert_eq!(deltas, [Some(5.0)]);
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
    own.meter().u64_counter("met").build().add(1, &[]);
    own.flush();
    let line = &own.server.lines()[0];
    assert_eq!(line.dimension("service.instance.id"), Some("own"));
    let without = Program::new();
    without.meter().u64_counter("met").build().add(1, &[]);
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
    // One more dimension is the source of the metrics.
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
