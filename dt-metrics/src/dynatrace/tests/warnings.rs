use std::sync::mpsc;

use opentelemetry::metrics::MeterProvider;

use crate::dynatrace::event::DeliveryEvent;
use crate::dynatrace::health::Health;
use crate::dynatrace::tests::accounting::assert_accounted;
use crate::dynatrace::tests::server::{Reply, Server};
use crate::dynatrace::tests::{LONG, TOKEN, export_one, provider, to};

/// The warning in an event, and the number of warnings in `health`, for one line.
fn warned(status: u16, body: &str) -> (Option<String>, u64) {
    let body = body.to_owned();
    let server = Server::start(move |_, _| Reply::with_body(status, body.clone()));
    let (sender, events) = mpsc::channel();
    let exporter = to(&server)
        .on_delivery_event(move |event| {
            if let DeliveryEvent::ServerWarnings { .. } = event {
                let _ = sender.send(event.to_string());
            }
        })
        .build()
        .expect("valid");
    let _provider = export_one(&exporter);
    exporter.flush(LONG).expect("accepted");
    exporter.shutdown(LONG).expect("nothing left");
    let health = exporter.health();
    assert_eq!((health.points_pending, health.points_dropped), (0, 0));
    // The thread reports the remaining events when it ends.
    exporter
        .buffer()
        .wait_for_exit(std::time::Instant::now().checked_add(LONG));
    (events.try_recv().ok(), health.server_warnings)
}

#[test]
fn a_metric_key_that_the_endpoint_changes_is_reported() {
    for (status, body) in [
        (
            202,
            r#"{"linesOk":1,"linesInvalid":0,"error":null,"warnings":{"message":"1 key changed","warningLines":[{"line":1,"warning":"metric key 'requests' changed to 'requests.count'"}]}}"#,
        ),
        (
            202,
            r#"{"linesOk":1,"warnings":{"changedMetricKeys":[{"line":1,"warning":"metric key 'requests' changed to 'requests.count'"}]}}"#,
        ),
        (
            400,
            r#"{"linesOk":0,"linesInvalid":1,"warnings":{"warningLines":[{"line":1,"warning":"metric key 'requests' changed to 'requests.count'"}]}}"#,
        ),
    ] {
        let (event, count) = warned(status, body);
        let event = event.expect("an event");
        assert_eq!(count, 1, "{event}");
        for part in [
            "`requests,",
            "metric key 'requests' changed to 'requests.count'",
            "1 warning",
            "rename the instrument",
        ] {
            assert!(event.contains(part), "{part} is missing in {event}");
        }
    }
    let (event, count) = warned(202, r#"{"linesOk":1,"warnings":{"message":"be careful"}}"#);
    assert!(event.expect("an event").contains("be careful"));
    assert_eq!(count, 1);
}

#[test]
fn no_warning_is_none() {
    for body in [
        "",
        r#"{"linesOk":1,"linesInvalid":0,"error":null,"warnings":null}"#,
        r#"{"linesOk":1,"warnings":{}}"#,
        r#"{"linesOk":1,"warnings":{"message":"","warningLines":[]}}"#,
        r#"{"linesOk":1,"warnings":[]}"#,
        r#"{"linesOk":1,"warnings":7}"#,
    ] {
        assert_eq!(warned(202, body), (None, 0), "{body}");
    }
}

#[test]
fn hostile_warnings_are_bounded_and_without_secrets() {
    let line = r#"{"line":1,"warning":"TEXT"},"#;
    let line = line.replace(
        "TEXT",
        &format!("\\u202e\\u001b[31m{TOKEN} {}", "x".repeat(5_000)),
    );
    let many = line.repeat(200);
    let body = format!(
        r#"{{"linesOk":1,"warnings":{{"warningLines":[{}]}}}}"#,
        many.trim_end_matches(',')
    );
    let (event, count) = warned(202, &body);
    let event = event.expect("an event");
    assert_eq!(count, 1, "one line was sent");
    assert!(event.len() < 2_000, "{}", event.len());
    assert!(!event.contains(&TOKEN[20..32]), "{event}");
    assert!(!event.contains(['\u{202e}', '\u{1b}', '\n']), "{event:?}");
}

/// The data points in the events for one line of metadata, which is the first one, and one data
/// point.
fn rejected(body: &'static str) -> (Vec<u64>, Health) {
    let server = Server::start(move |_, _| Reply::with_body(400, body));
    let (sender, events) = mpsc::channel();
    let exporter = to(&server)
        .on_delivery_event(move |event| {
            if let DeliveryEvent::PointsRejected { points, reason } = event {
                assert!(reason.contains("no good"), "{reason}");
                let _ = sender.send(*points);
            }
        })
        .build()
        .expect("valid");
    let provider = provider(&exporter);
    let meter = provider.meter("test");
    let counter = meter.u64_counter("requests").with_unit("s").build();
    counter.add(1, &[]);
    provider.force_flush().expect("collected");
    exporter.flush(LONG).expect("answered");
    let lines = server.requests()[0].body.clone();
    assert!(lines.starts_with("#requests"), "{lines}");
    exporter.shutdown(LONG).expect("nothing is left");
    exporter
        .buffer()
        .wait_for_exit(std::time::Instant::now().checked_add(LONG));
    (events.try_iter().collect(), exporter.health())
}

#[test]
fn an_event_counts_rejected_data_points_and_no_metadata() {
    for (body, expected) in [
        (
            r#"{"linesOk":1,"linesInvalid":1,"error":{"code":400,"message":"no good","invalidLines":[{"line":1,"error":"no good"}]}}"#,
            &[][..],
        ),
        (
            r#"{"linesOk":1,"linesInvalid":1,"error":{"code":400,"message":"no good","invalidLines":[{"line":2,"error":"no good"}]}}"#,
            &[1],
        ),
        (
            r#"{"linesOk":0,"linesInvalid":2,"error":{"code":400,"message":"no good","invalidLines":[{"line":1,"error":"no good"},{"line":2,"error":"no good"}]}}"#,
            &[1],
        ),
    ] {
        let (events, health) = rejected(body);
        assert_eq!(events, expected, "{body}");
        assert_accounted(1, &health);
        assert_eq!(health.points_rejected, expected.iter().sum::<u64>());
        assert!(
            health
                .last_error
                .is_some_and(|error| error.contains("no good"))
        );
    }
}
