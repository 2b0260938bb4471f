//! Metrics in a provider that the program built itself.

use std::time::Duration;

use crate::common::AMPLE;
use crate::common::export::{Program, payloads};
use dt_metrics::{Error, counted, timed};
use dt_metrics_local::protocol::Payload;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::{Instrument, Stream};

#[counted(name = "attached.calls")]
#[timed(name = "attached.duration")]
fn call() {}

#[counted(name = "attached.between")]
fn between() {}

fn total(program: &Program, key: &str) -> f64 {
    let payloads = payloads(&program.server, key).into_iter();
    payloads
        .map(|payload| match payload {
            Payload::Count { delta } => delta,
            Payload::Summary { count, .. } => count as f64,
            other => panic!("{other:?}"),
        })
        .sum()
}

#[test]
fn a_provider_of_the_program_collects_all_measurements() {
    own_process!();
    let before = Program::new();
    let first = dt_metrics::attach(&before.provider).unwrap();
    first.flush(AMPLE).unwrap();
    call();
    first.shutdown(AMPLE).unwrap();
    before.exporter.flush(AMPLE).unwrap();
    let seen_before = total(&before, "attached.calls");

    // Nobody is attached.
    call();
    let program = Program::with_view(|instrument: &Instrument| {
        let renamed = Stream::builder().with_name("renamed").build().ok()?;
        (instrument.name() == "attached.duration").then_some(renamed)
    });
    let metrics = dt_metrics::attach(&program.provider).unwrap();
    call();
    program.meter().u64_counter("its.own").build().add(5, &[]);
    metrics.flush(AMPLE).unwrap();
    call();
    // A collection that the provider starts takes them as well.
    program.flush();
    assert_eq!(total(&program, "attached.calls"), 3.0);
    assert_eq!(total(&program, "renamed"), 3.0, "views are the program's");
    assert_eq!(total(&program, "its.own"), 5.0);
    assert_eq!(
        total(&before, "attached.calls"),
        seen_before,
        "left for good"
    );
    drop(metrics);
}

#[test]
fn leaving_collects_once_more_and_lets_the_provider_run() {
    own_process!();
    let program = Program::new();
    let metrics = dt_metrics::attach(&program.provider).unwrap();
    between();
    drop(metrics);
    program.exporter.flush(AMPLE).unwrap();
    assert_eq!(total(&program, "attached.between"), 1.0);

    program
        .provider
        .meter("m")
        .u64_counter("still.on")
        .build()
        .add(1, &[]);
    program.flush();
    assert_eq!(total(&program, "still.on"), 1.0);

    // And again, to the same one.
    let metrics = dt_metrics::attach(&program.provider).unwrap();
    between();
    metrics.flush(AMPLE).unwrap();
    metrics.shutdown(AMPLE).unwrap();
    program.exporter.flush(AMPLE).unwrap();
    assert_eq!(total(&program, "attached.between"), 2.0);
}

#[test]
fn there_is_one_at_a_time() {
    own_process!();
    let program = Program::new();
    let metrics = dt_metrics::attach(&program.provider).unwrap();
    let again = dt_metrics::attach(&program.provider);
    assert!(matches!(again, Err(Error::AlreadyInstalled)));
    let installed = dt_metrics::builder().no_exporter().install();
    assert!(matches!(installed, Err(Error::AlreadyInstalled)));
    // The program shut it down first.
    program.provider.shutdown().unwrap();
    metrics.shutdown(Duration::from_secs(5)).unwrap();
}
