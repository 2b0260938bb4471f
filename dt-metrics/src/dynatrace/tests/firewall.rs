use std::time::{Duration, Instant};

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;

use crate::dynatrace::config::builder::ExporterBuilder;
use crate::dynatrace::tests::accounting::{assert_accounted, assert_arrived};
use crate::dynatrace::tests::server::{Reply, Server};
use crate::dynatrace::tests::{LONG, provider, to};

/// Blocks each request with a word in it.
fn firewall(status: u16, body: &'static str) -> Server {
    Server::start(move |_, request| {
        let is_blocked = |part: &[u8]| part == b"DROP TABLE";
        #[cfg(feature = "otlp")]
        let bytes = &request.bytes;
        #[cfg(not(feature = "otlp"))]
        let bytes = request.body.as_bytes();
        // On lines, the space is escaped.
        let text = String::from_utf8_lossy(bytes).replace('\\', "");
        if text.as_bytes().windows(10).any(is_blocked) {
            Reply::with_body(status, body)
        } else {
            Reply::accepted()
        }
    })
}

#[test]
fn a_value_that_a_firewall_blocks_does_not_delay_other_values() {
    for (status, body) in [
        (400, "<html>Request rejected</html>"),
        (400, ""),
        (403, "<html>Forbidden</html>"),
        (403, r#"{"message":"Forbidden"}"#),
        (406, "blocked"),
        (418, ""),
        (451, "no"),
    ] {
        let protocols: &[fn(ExporterBuilder) -> ExporterBuilder] = &[
            |lines| lines,
            #[cfg(feature = "otlp")]
            ExporterBuilder::otlp,
        ];
        for protocol in protocols {
            let server = firewall(status, body);
            let exporter = protocol(to(&server)).build().expect("valid");
            let provider = provider(&exporter);
            let counter = provider.meter("test").u64_counter("requests").build();
            let mut accepted = 0;
            for push in 0..3 {
                for index in 0..50 {
                    counter.add(1, &[KeyValue::new("index", index)]);
                }
                counter.add(1, &[KeyValue::new("query", "DROP TABLE users")]);
                accepted += 50;
                provider.force_flush().expect("collected");
                let start = Instant::now();
                // Nothing but the endpoint is waited for.
                while exporter.health().points_accepted < accepted {
                    assert!(
                        start.elapsed() < LONG,
                        "{status} {body}: {:?}",
                        exporter.health()
                    );
                    std::thread::sleep(Duration::from_millis(1));
                }
                let health = exporter.health();
                assert_eq!(health.points_dropped, 0, "push {push}");
                assert_eq!(health.points_pending, push + 1, "{status} {body}");
            }
            let _pending = exporter.shutdown(Duration::ZERO);
        }
    }
}

#[test]
fn bodies_that_are_too_large_for_a_firewall_arrive_in_parts() {
    // A half passes.
    const LIMIT: usize = 90_000;
    for (status, body) in [
        (400, "<html>Request rejected</html>"),
        (403, "<html>Forbidden</html>"),
        (406, r#"{"error":{"code":406,"message":"body too long"}}"#),
        (413, "<html>Request Entity Too Large</html>"),
        (200, "<html>Please log in</html>"),
    ] {
        let server = Server::start(move |_, request| {
            if request.body.len() > LIMIT {
                Reply::with_body(status, body)
            } else {
                Reply::accepted()
            }
        });
        let exporter = to(&server).build().expect("valid");
        let provider = provider(&exporter);
        let counter = provider.meter("test").u64_counter("requests").build();
        for push in 1..=2 {
            for index in 0..500 {
                let value = format!("{index}{}", "x".repeat(200));
                counter.add(1, &[KeyValue::new("value", value)]);
            }
            provider.force_flush().expect("collected");
            let start = Instant::now();
            while exporter.health().points_accepted < 500 * push {
                assert!(start.elapsed() < LONG, "{status}: {:?}", exporter.health());
                std::thread::sleep(Duration::from_millis(1));
            }
            let health = exporter.health();
            assert_accounted(500 * push, &health);
            assert_arrived(500 * push, 0, &health);
        }
        let requests = server.requests().len();
        assert!(requests < 40, "{status}: {requests}");
        exporter.shutdown(LONG).expect("nothing is left");
    }
}
