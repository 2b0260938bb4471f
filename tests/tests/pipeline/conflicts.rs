//! One name for two things.

use std::sync::mpsc;

use crate::common::log::Log;
use crate::common::{AMPLE, server, to};
use dt_metrics::dynatrace::{DeliveryEvent, DropReason};
use dt_metrics::{Error, catalog, count, counted, measured, record};
use dt_metrics_local::protocol::Payload;

#[counted(name = "conflicts.size", unit = "By")]
fn bytes() {}

#[counted(name = "Conflicts.Size", unit = "{item}")]
fn items() {}

#[counted(name = "conflicts.size")]
fn without_unit() {}

#[test]
fn strict_refuses_and_names_both_places() {
    own_process!();
    let error = to(&server()).strict(true).install().unwrap_err();
    assert!(matches!(error, Error::Conflicts(_)));
    let message = error.to_string();
    let place = |name: &str, unit: &str| {
        let descriptor = catalog()
            .into_iter()
            .find(|d| d.name == name && d.unit == unit)
            .unwrap();
        format!("{}:{}", descriptor.file, descriptor.line)
    };
    assert!(
        message.contains(&place("conflicts.size", "By")),
        "{message}"
    );
    assert!(
        message.contains(&place("Conflicts.Size", "{item}")),
        "{message}"
    );
}

#[test]
fn otherwise_the_first_is_exported_and_the_other_is_counted_as_dropped() {
    own_process!();
    let server = server();
    let (told, events) = mpsc::channel();
    let metrics = to(&server)
        .on_delivery_event(move |event| told.send(event.clone()).unwrap())
        .install()
        .unwrap();
    bytes();
    items();
    without_unit();
    count!("conflicts.size", 10);
    metrics.flush(AMPLE).unwrap();
    let lines: Vec<_> = server.lines().into_iter().map(|line| line.key).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let counted: f64 = lines.iter().map(|key| server.counter_total(key, &[])).sum();
    let health = metrics.health();
    // Which of the two comes first depends on the names' order alone.
    assert_eq!(counted, 12.0);
    assert_eq!(health.dropped.get("conflicting_definition"), Some(&1));
    assert_eq!(health.points_dropped, 1);
    let event = events.recv_timeout(AMPLE).unwrap();
    assert!(
        matches!(
            &event,
            DeliveryEvent::PointsDropped { points: 1, metric: Some(metric), reason: DropReason::ConflictingDefinition, .. }
                if metric.eq_ignore_ascii_case("conflicts.size")
        ),
        "{event:?}"
    );
    metrics.shutdown(AMPLE).unwrap();
}

#[test]
fn each_value_of_a_histogram_whose_name_is_taken_is_counted_as_dropped() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    count!("Conflicts.Taken");
    metrics.flush(AMPLE).unwrap();
    // Runs of one series, between values of another one.
    for (values, others) in [(3, 1), (1, 2), (1, 0)] {
        for _ in 0..values {
            record!("conflicts.taken", 1);
        }
        for _ in 0..others {
            record!("conflicts.free", 2);
        }
    }
    metrics.flush(AMPLE).unwrap();
    let health = metrics.health();
    assert_eq!(health.dropped.get("conflicting_definition"), Some(&5));
    let free = server
        .lines()
        .into_iter()
        .filter_map(|line| match line.payload {
            Payload::Summary { sum, count, .. } => Some((line.key, sum, count)),
            _ => None,
        });
    assert_eq!(
        free.collect::<Vec<_>>(),
        [("conflicts.free".to_owned(), 6.0, 3)]
    );
    metrics.shutdown(AMPLE).unwrap();
}

#[test]
fn the_catalogue_lists_all_before_anything_was_called() {
    let all = catalog();
    let ours: Vec<_> = all
        .iter()
        .filter(|d| d.name.eq_ignore_ascii_case("conflicts.size"))
        .collect();
    assert_eq!(ours.len(), 4);
    for descriptor in ours {
        assert_eq!(descriptor.module_path, "pipeline::conflicts");
        assert!(descriptor.file.ends_with("conflicts.rs"));
        assert!(descriptor.line > 0);
    }
}

#[measured(
    name = "conflicts.objective",
    objective(success = "99%", latency = "1s")
)]
fn careful() {}

#[measured(
    name = "conflicts.objective",
    objective(success = "99.9%", latency = "1s")
)]
fn more_careful() {}

#[test]
fn an_objective_that_differs_is_reported_and_both_functions_are_exported() {
    own_process!();
    let log = Log::install();
    let server = server();
    let error = to(&server).strict(true).install().unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("the metric `conflicts.objective.calls` has the objective \"at least 99"),
        "{message}"
    );
    assert!(
        !message.contains("conflicts.objective.duration"),
        "{message}"
    );
    let metrics = to(&server).install().unwrap();
    careful();
    more_careful();
    metrics.flush(AMPLE).unwrap();
    assert_eq!(server.counter_total("conflicts.objective.calls", &[]), 2.0);
    assert_eq!(metrics.health().points_dropped, 0);
    let text = log.text();
    let warnings: Vec<_> = text
        .lines()
        .filter(|line| line.contains("conflicts.objective"))
        .collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].ends_with("rename one of them; both are exported"),
        "{warnings:?}"
    );
    metrics.shutdown(AMPLE).unwrap();
}
