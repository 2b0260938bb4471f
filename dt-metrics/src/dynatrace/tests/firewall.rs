use std::time::{Duration, Instant};

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;

use crate::dynatrace::config::builder::ExporterBuilder;
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
fn a_value_that_a_firewall_blocks_holds_up_no_other() {
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
