//! The data points that arrive, and the counts of those data points that do not.

use crate::dynatrace::error::ExportError;
use crate::dynatrace::exporter::Exporter;
use crate::dynatrace::tests::server::{Reply, Server};
use crate::dynatrace::tests::{LONG, TOKEN, export_one, provider, to};
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn a_request_follows_the_protocol() {
    let server = Server::accepting();
    let exporter = to(&server)
        .prefix("shop")
        .default_dimension("env", "prod")
        .build()
        .expect("valid");
    let _provider = export_one(&exporter);
    exporter.flush(LONG).expect("accepted");

    let requests = server.requests();
    let [request] = &requests[..] else {
        panic!("one request, not {requests:?}")
    };
    assert_eq!(request.first_line, "POST /api/v2/metrics/ingest HTTP/1.1");
    assert_eq!(request.headers["content-type"], "text/plain; charset=utf-8");
    assert_eq!(
        request.headers["authorization"],
        format!("Api-Token {TOKEN}")
    );
    assert_eq!(
        request.headers["user-agent"],
        concat!("dt-metrics/", env!("CARGO_PKG_VERSION"))
    );
    assert!(
        request.body.starts_with("shop.requests,"),
        "{}",
        request.body
    );
    assert!(request.body.contains("env=prod"), "{}", request.body);
    assert!(
        request.body.contains("dt.metrics.source=opentelemetry"),
        "{}",
        request.body
    );
    assert!(request.body.contains(" count,delta=3 "), "{}", request.body);

    let health = exporter.health();
    assert_eq!(
        (
            health.points_accepted,
            health.requests_accepted,
            health.points_pending
        ),
        (1, 1, 0)
    );
    assert!(health.last_success.is_some());
    assert_eq!(health.last_error, None);
}

#[test]
fn a_one_agent_gets_no_token() {
    let server = Server::accepting();
    let exporter = Exporter::builder()
        .endpoint(server.url("/metrics/ingest"))
        .api_token(TOKEN)
        .build()
        .expect("valid");
    let _provider = export_one(&exporter);
    exporter.flush(LONG).expect("accepted");
    assert!(!server.requests()[0].headers.contains_key("authorization"));
}

#[test]
fn a_name_under_localhost_is_always_this_host() {
    let server = Server::accepting();
    let url = server.url("/api/v2/metrics/ingest");
    for host in ["somebody.localhost", "somebody.localhost."] {
        let exporter = Exporter::builder()
            .endpoint(url.replace("127.0.0.1", host))
            .api_token(TOKEN)
            .build()
            .expect("it stays here");
        let _provider = export_one(&exporter);
        exporter.flush(LONG).expect("accepted");
    }
    assert_eq!(server.requests().len(), 2);
}

/// One line for each of so many series.
fn export_many(exporter: &Exporter, lines: i64) -> SdkMeterProvider {
    let provider = provider(exporter);
    for chunk in 0..=lines / 1_000 {
        let gauge = provider
            .meter("test")
            .i64_gauge(format!("load.{chunk}"))
            .build();
        for index in (chunk * 1_000)..lines.min((chunk + 1) * 1_000) {
            gauge.record(index, &[KeyValue::new("index", index)]);
        }
    }
    provider.force_flush().expect("queued");
    provider
}

#[test]
fn many_lines_go_to_a_oneagent_in_requests_of_a_thousand() {
    let server = Server::accepting();
    let exporter = Exporter::builder().endpoint(server.url("/metrics/ingest"));
    let exporter = exporter.build().expect("valid");
    let _provider = export_many(&exporter, 2_500);
    exporter.flush(LONG).expect("accepted");

    let sizes: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.body.lines().count())
        .collect();
    assert_eq!(sizes, [1_000, 1_000, 500]);
    assert_eq!(exporter.health().points_accepted, 2_500);
}

#[test]
fn a_chunk_that_always_fails_does_not_delay_other_chunks() {
    for status in [400, 422] {
        let server = Server::start(move |_, request| {
            if request.body.contains("load.1") {
                Reply::with_body(status, r#"{"error":{"code":400,"message":"no"}}"#)
            } else {
                Reply::status(202)
            }
        });
        let exporter = to(&server).max_lines_per_request(1_000);
        let exporter = exporter.build().expect("valid");
        let _provider = export_many(&exporter, 2_500);
        // The request is refused during the flush, which then returns the error, or before.
        if let Err(error) = exporter.flush(LONG) {
            assert!(error.to_string().contains(&status.to_string()), "{error}");
        }
        let health = exporter.health();
        assert_eq!(
            (
                health.points_accepted,
                health.points_dropped,
                health.points_pending
            ),
            (1_500, 1_000, 0)
        );
        assert_eq!(health.dropped["request_rejected"], 1_000);
        assert_eq!(
            (
                health.requests_accepted,
                health.requests_failed,
                health.retries
            ),
            (2, 1, 0)
        );
    }
}

#[test]
fn a_chunk_that_is_not_found_is_kept_and_other_chunks_arrive() {
    let found = Arc::new(AtomicBool::new(false));
    let is_found = found.clone();
    let server = Server::start(move |_, request| {
        let missing = request.body.contains("load.1") && !is_found.load(Ordering::Relaxed);
        Reply::status(if missing { 404 } else { 202 })
    });
    let exporter = to(&server).max_lines_per_request(1_000);
    let exporter = exporter.build().expect("valid");
    let _provider = export_many(&exporter, 2_500);
    let error = exporter.flush(LONG).expect_err("not found").to_string();
    assert!(error.contains("/api/v2/metrics/ingest"), "{error}");
    let health = exporter.health();
    assert_eq!(
        (health.points_accepted, health.points_pending),
        (1_500, 1_000)
    );
    found.store(true, Ordering::Relaxed);
    exporter.flush(LONG).expect("found");
    assert_eq!(exporter.health().points_accepted, 2_500);
}

#[test]
fn an_answer_that_names_very_many_lines_is_believed() {
    let refused: Vec<_> = (1..=999)
        .map(|line| format!(r#"{{"line":{line},"error":"{}"}}"#, "because ".repeat(200)))
        .collect();
    let body = format!(
        r#"{{"linesOk":1,"linesInvalid":999,"error":{{"message":"many","invalidLines":[{}]}}}}"#,
        refused.join(",")
    );
    assert!(body.len() > 1_500_000, "more than is read");
    let server = Server::start(move |_, _| Reply::with_body(400, body.clone()));
    let exporter = to(&server).build().expect("valid");
    let _provider = export_many(&exporter, 1_000);
    exporter.flush(LONG).expect("answered");
    let health = exporter.health();
    assert_eq!((health.points_accepted, health.points_rejected), (1, 999));
    assert_eq!(health.points_dropped, 0);
}

#[test]
fn a_wrong_token_keeps_the_lines_and_is_reported() {
    let body = r#"{"error":{"code":401,"message":"Token Authentication failed"}}"#;
    let server = Server::start(move |_, _| Reply::with_body(401, body));
    let exporter = to(&server).build().expect("valid");
    let _provider = export_one(&exporter);
    let error = exporter.flush(LONG).expect_err("refused");

    assert!(matches!(error, ExportError::Refused { .. }), "{error:?}");
    let health = exporter.health();
    let text = health.last_error.expect("an error");
    assert!(text.starts_with("401 Unauthorized"), "{text}");
    assert!(text.contains("`metrics.ingest`"), "{text}");
    assert!(text.contains("Token Authentication failed"), "{text}");
    assert_eq!((health.points_pending, health.points_dropped), (1, 0));
}

#[test]
fn temporarily_refused_points_are_delivered_once() {
    let server = Server::start(|number, _| Reply::status(if number == 0 { 503 } else { 202 }));
    let exporter = to(&server).build().expect("valid");
    let _provider = export_one(&exporter);
    exporter.flush(LONG).expect("accepted in the end");

    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].body, requests[1].body);
    let health = exporter.health();
    assert_eq!(
        (
            health.points_accepted,
            health.retries,
            health.requests_failed
        ),
        (1, 1, 1)
    );
}

#[test]
fn a_connection_that_is_closed_is_tried_again_and_called_ambiguous() {
    let server = Server::start(|number, _| match number {
        0 => Reply::Close,
        _ => Reply::accepted(),
    });
    let exporter = to(&server).build().expect("valid");
    let _provider = export_one(&exporter);
    exporter.flush(LONG).expect("accepted in the end");
    let health = exporter.health();
    assert_eq!((health.points_accepted, health.requests_unanswered), (1, 1));
}

#[test]
fn refused_lines_are_counted_and_nothing_is_sent_again() {
    let body = r#"{"linesOk":2,"linesInvalid":1,"error":{"code":400,"message":"1 invalid line",
        "invalidLines":[{"line":2,"error":"wrong number"},{"line":99,"error":"elsewhere"}]}}"#;
    let server = Server::start(move |_, _| Reply::with_body(400, body));
    let exporter = to(&server).build().expect("valid");
    let _provider = export_many(&exporter, 3);
    exporter.flush(LONG).expect("answered");

    let health = exporter.health();
    assert_eq!(
        (
            health.points_accepted,
            health.points_rejected,
            health.points_pending
        ),
        (2, 1, 0)
    );
    let text = health.last_error.expect("an error");
    assert!(text.contains("wrong number"), "{text}");
    exporter.shutdown(LONG).expect("nothing left");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_request_that_is_too_large_is_split() {
    let server = Server::start(|_, request| {
        Reply::status(if request.body.lines().count() > 2 {
            413
        } else {
            202
        })
    });
    let exporter = to(&server).build().expect("valid");
    let _provider = export_many(&exporter, 5);
    exporter.flush(LONG).expect("accepted in pieces");
    let health = exporter.health();
    assert_eq!((health.points_accepted, health.points_dropped), (5, 0));
}

#[test]
fn a_line_that_is_too_large_by_itself_is_dropped() {
    let server = Server::start(|_, request| {
        Reply::status(if request.body.contains("index=1") {
            413
        } else {
            202
        })
    });
    let exporter = to(&server).build().expect("valid");
    let _provider = export_many(&exporter, 3);
    exporter.flush(LONG).expect("the others are accepted");
    let health = exporter.health();
    assert_eq!((health.points_accepted, health.points_dropped), (2, 1));
    assert_eq!(health.dropped["request_too_large"], 1);
}

#[test]
fn an_answer_without_end_is_still_an_answer() {
    let server = Server::start(|_, _| Reply::Endless);
    let exporter = to(&server).build().expect("valid");
    let _provider = export_one(&exporter);
    exporter.flush(LONG).expect("accepted");
    assert_eq!(exporter.health().points_accepted, 1);
}

#[test]
fn a_web_page_is_not_an_acceptance() {
    let server = Server::start(|_, _| Reply::with_body(200, "<!DOCTYPE html><h1>Sign in</h1>"));
    let exporter = to(&server).build().expect("valid");
    let _provider = export_one(&exporter);
    let error = exporter.flush(LONG).expect_err("no endpoint").to_string();
    assert!(error.contains("web page"), "{error}");
    assert_eq!(exporter.health().points_pending, 1);
}

#[test]
fn past_its_bound_the_buffer_keeps_the_newest() {
    let server = Server::start(|_, request| {
        Reply::status(if request.body.contains("last") {
            202
        } else {
            503
        })
    });
    let exporter = to(&server).buffer_limit_bytes(200).build().expect("valid");
    let provider = provider(&exporter);
    let meter = provider.meter("test");
    for index in 0..20 {
        meter
            .u64_counter(format!("early.{index}"))
            .build()
            .add(1, &[]);
        provider.force_flush().expect("queued");
    }
    meter.u64_counter("last").build().add(1, &[]);
    provider.force_flush().expect("queued");
    let health = exporter.health();
    assert!(health.dropped["buffer_full"] >= 15, "{health:?}");
    assert_eq!(
        health.points_dropped + health.points_pending,
        21,
        "{health:?}"
    );
}
