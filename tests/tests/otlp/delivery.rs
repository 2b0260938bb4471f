//! Metrics over OTLP, over real HTTP and TLS, with the totals that metric lines have.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::common::accounting::{assert_accounted, assert_arrived};
use crate::common::otlp::{Receiver, Value, messages, values};
use crate::common::tls::{Authority, TlsServer};
use crate::common::{AMPLE, NEVER, server};
use dt_metrics::dynatrace::{DeliveryGuarantee, Exporter};
use dt_metrics::{Builder, count, counted, gauge, record, up_down_counter};
use dt_metrics_local::otlp::{Data, Temporality};
use dt_metrics_local::protocol::Payload;
use dt_metrics_local::store::Authorization;
use dt_metrics_local::{Answer, Fault, Request, Server};

const INGEST: &str = "/api/v2/metrics/ingest";
const OTLP: &str = "/api/v2/otlp/v1/metrics";
const TOKEN: &str = "dt0c01.PUBLICPART.SECRETSECRETSECRETSECRET";

#[counted(name = "otlp.calls", dims(tier = tier))]
fn call(tier: &str) {
    record!("otlp.size", 4.0, unit = "By", dims(tier = tier));
}

/// Metrics that go to `server` over OTLP when flushed. The path is derived from its URL for lines.
fn to(server: &Server) -> Builder {
    at(&server.url())
}

fn at(url: &str) -> Builder {
    dt_metrics::builder()
        .endpoint(url)
        .push_interval(NEVER)
        .set_global(false)
        .otlp()
}

/// Counts and counts of summaries, by key and dimensions, whichever way they came.
fn totals(server: &Server) -> BTreeMap<(String, String), f64> {
    let mut totals = BTreeMap::new();
    for line in server.lines() {
        let value = match line.payload {
            Payload::Count { delta } => delta,
            Payload::Summary { count, .. } => count as f64,
            _ => continue,
        };
        let mut dimensions: Vec<_> = line
            .dimensions
            .iter()
            // Which SDK and program it was: lines have only the SDK's name, OTLP also the other
            // attributes.
            .filter(|(key, _)| {
                let is_origin = matches!(key.as_str(), "dt.metrics.source" | "service.name");
                !is_origin && !key.starts_with("telemetry.sdk.")
            })
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        dimensions.sort();
        *totals.entry((line.key, dimensions.join(","))).or_default() += value;
    }
    totals
}

fn accepted(server: &Server) -> Vec<Request> {
    let requests = server.requests().into_iter();
    requests.filter(Request::is_accepted).collect()
}

#[test]
fn both_ways_at_once_give_the_same_totals() {
    own_process!();
    let (otlp, lines) = (server(), server());
    let exporter = Exporter::builder()
        .endpoint(lines.url())
        .prefix("shop")
        .default_dimension("env", "test")
        .build()
        .unwrap();
    let metrics = to(&otlp)
        .prefix("shop")
        .default_dimension("env", "test")
        .exporter(exporter.clone())
        .install()
        .unwrap();
    for round in 1..=3 {
        for _ in 0..round {
            call("gold");
        }
        call("silver");
        count!("otlp.kinds", dims(ratio = 0.5, ok = true, n = -3));
        metrics.flush(AMPLE).unwrap();
    }
    exporter.flush(AMPLE).unwrap();
    metrics.shutdown(AMPLE).unwrap();
    for (health, server) in [(metrics.health(), &otlp), (exporter.health(), &lines)] {
        let arrived = server.lines().len() as u64;
        assert_accounted(arrived, &health);
        assert_arrived(arrived, 0, &health);
    }

    assert!(otlp.rejected().is_empty() && lines.rejected().is_empty());
    assert!(lines.otlp_points().is_empty());
    let got = totals(&otlp);
    assert_eq!(got, totals(&lines));
    let key = |name: &str, tier: &str| (format!("shop.{name}"), format!("env=test,tier={tier}"));
    assert_eq!(got[&key("otlp.calls", "gold")], 6.0);
    assert_eq!(got[&key("otlp.size", "gold")], 6.0);
    assert_eq!(got[&key("otlp.calls", "silver")], 3.0);
    let kinds = [("ratio", "0.5"), ("ok", "true"), ("n", "-3")];
    assert_eq!(otlp.counter_total("shop.otlp.kinds", &kinds), 3.0);
    // Also extremes and sums.
    let summaries = |server: &Server| {
        let series = server.series().into_iter();
        let sizes = series.filter(|series| series.metric == "shop.otlp.size");
        let sizes: Vec<_> = sizes.map(|it| (it.last, it.total, it.values)).collect();
        sizes
    };
    assert_eq!(summaries(&otlp), summaries(&lines));
    let unit = |server: &Server| {
        let metadata = server.metadata().into_iter();
        let mut size = metadata.filter(|it| it.key == "shop.otlp.size");
        size.next().and_then(|it| it.unit)
    };
    assert_eq!(unit(&otlp).as_deref(), Some("By"));
    assert_eq!(unit(&otlp), unit(&lines));
}

#[test]
fn requests_have_deltas_in_protobuf_and_the_token() {
    own_process!();
    let server = Server::builder().token(TOKEN).start().unwrap();
    let metrics = to(&server)
        .api_token(TOKEN)
        .service_name("checkout")
        .install()
        .unwrap();
    call("delta");
    up_down_counter!("otlp.sessions", 5);
    gauge!("otlp.depth", 7.5);
    metrics.flush(AMPLE).unwrap();
    up_down_counter!("otlp.sessions", -2);
    metrics.shutdown(AMPLE).unwrap();

    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].path, OTLP);
    assert_eq!(requests[0].authorization, Authorization::Accepted);
    let form = requests[0].content_type.as_deref();
    assert_eq!(form, Some("application/x-protobuf"));

    let (mut sums, mut histograms, mut sessions, mut depth) = (0, 0, 0.0, 0.0);
    for point in server.otlp_points() {
        assert_eq!(point.resource_attribute("service.name"), Some("checkout"));
        match point.data {
            Data::Sum {
                is_monotonic: true,
                temporality,
                ..
            } => {
                sums += 1;
                assert_eq!(temporality, Temporality::Delta, "{}", point.metric.name);
            }
            Data::Sum {
                value, temporality, ..
            } if point.metric.name == "otlp.sessions" => {
                assert_eq!(temporality, Temporality::Cumulative);
                sessions = value;
            }
            Data::Histogram {
                min, max, bounds, ..
            } => {
                histograms += 1;
                assert_eq!((min, max), (Some(4.0), Some(4.0)));
                assert!(!bounds.is_empty(), "OTLP carries buckets");
            }
            Data::Gauge { value } if point.metric.name == "otlp.depth" => depth = value,
            _ => {}
        }
    }
    assert!(sums > 0 && histograms > 0);
    assert_eq!((sessions, depth), (3.0, 7.5));
}

/// By the numbers of fields in the specification, and nothing else.
#[test]
fn the_bytes_follow_the_specification() {
    own_process!();
    let receiver = Receiver::start();
    let metrics = at(&receiver.url(INGEST)).install().unwrap();
    call("bytes");
    call("bytes");
    metrics.flush(AMPLE).unwrap();
    metrics.shutdown(AMPLE).unwrap();

    let body = &receiver.received()[0].body;
    // resource_metrics, scope_metrics, metrics.
    let metrics = messages(body, &[1, 2, 2]);
    let named = |name: &str| {
        let is_it = |metric: &&&[u8]| values(metric, 1) == [Value::Bytes(name.as_bytes())];
        *metrics.iter().find(is_it).expect(name)
    };
    let delta = Value::Number(1);
    let calls = messages(named("otlp.calls"), &[7])[0];
    assert_eq!(values(calls, 2), [delta]);
    assert_eq!(values(calls, 3), [Value::Number(1)], "is monotonic");
    let points = messages(calls, &[1]);
    assert_eq!(points.len(), 1);
    assert_eq!(values(points[0], 6), [Value::Fixed(2_i64.to_le_bytes())]);
    let attributes = messages(points[0], &[7]);
    let key = |attribute: &&&[u8]| values(attribute, 1) == [Value::Bytes(b"tier")];
    let tier = attributes.iter().find(key).unwrap();
    assert_eq!(messages(tier, &[2, 1]), [b"bytes"]);

    let size = named("otlp.size");
    assert_eq!(values(size, 3), [Value::Bytes(b"By")]);
    let histogram = messages(size, &[9])[0];
    assert_eq!(values(histogram, 2), [delta]);
    let point = messages(histogram, &[1])[0];
    assert_eq!(values(point, 4), [Value::Fixed(2_u64.to_le_bytes())]);
    assert_eq!(values(point, 5), [Value::Fixed(8_f64.to_le_bytes())]);
}

#[test]
fn an_outage_costs_nothing() {
    own_process!();
    let server = server();
    for status in [503, 429, 500] {
        server.fail_next(1, status).unwrap();
    }
    let metrics = to(&server).install().unwrap();
    call("outage");
    // One attempt at once, further attempts after pauses.
    metrics.flush(AMPLE).unwrap();
    call("outage");
    metrics.shutdown(AMPLE).unwrap();
    let arrived = server.lines().len() as u64;
    assert_accounted(arrived, &metrics.health());
    assert_arrived(arrived, 0, &metrics.health());
    let outage = [("tier", "outage")];
    assert_eq!(server.counter_total("otlp.calls", &outage), 2.0);
}

#[test]
fn oversized_requests_are_sent_in_parts() {
    own_process!();
    let server = server();
    server.fail_next(2, 413).unwrap();
    let metrics = to(&server).install().unwrap();
    for tier in 0..10 {
        call(&format!("part {tier}"));
    }
    metrics.flush(AMPLE).unwrap();
    assert_eq!(accepted(&server).len(), 3);
    for tier in 0..10 {
        let tier = format!("part {tier}");
        let calls = server.counter_total("otlp.calls", &[("tier", &*tier)]);
        assert_eq!(calls, 1.0, "{tier}");
    }
    metrics.shutdown(AMPLE).unwrap();
    let arrived = server.lines().len() as u64;
    assert_accounted(arrived, &metrics.health());
    assert_arrived(arrived, 0, &metrics.health());
}

#[test]
fn refusals_are_logged_without_the_token() {
    own_process!();
    for (status, answer, expected) in [
        (403, TOKEN, "needs the scope `metrics.ingest`"),
        (401, "no", "the token is wrong"),
        (404, "not here", "/api/v2/otlp/v1/metrics"),
        (400, "bad", "answered 400"),
    ] {
        let server = server();
        server
            .fail_always(Answer::new(status).body(answer))
            .unwrap();
        let metrics = to(&server).api_token(TOKEN).install().unwrap();
        call("refused");
        let error = metrics.flush(AMPLE).unwrap_err().to_string();
        assert!(error.contains(expected), "{status}: {error}");
        let shown = format!("{error} {metrics:?}");
        assert!(!shown.contains("SECRET"), "{shown}");
        drop(metrics.shutdown(Duration::ZERO));
        // A count and a histogram.
        assert_accounted(2, &metrics.health());
    }
}

#[test]
fn points_that_are_refused_are_counted() {
    own_process!();
    let server = server();
    server.fail_next(1, Fault::RefuseLines(1)).unwrap();
    let metrics = to(&server).install().unwrap();
    call("partial");
    // As for lines: the other data points were accepted, and waiting for this one would not help.
    metrics.flush(AMPLE).unwrap();
    let health = metrics.health();
    assert_eq!((health.points_rejected, health.requests_accepted), (1, 1));
    assert!(health.points_accepted > 0, "{health:?}");
    assert_accounted(2, &health);
    let error = health.last_error.unwrap();
    assert!(error.contains(" data points rejected: otlp."), "{error}");
    assert!(error.contains(": refused on demand"), "{error}");
}

#[test]
fn a_silent_destination_does_not_delay_the_other_destination() {
    own_process!(alone);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("http://{}{INGEST}", silent.local_addr().unwrap());
    let limit = Duration::from_secs(1);

    // The OTLP endpoint does not answer: lines arrive.
    let lines = server();
    let exporter = Exporter::builder().endpoint(lines.url()).build().unwrap();
    let metrics = dt_metrics::builder()
        .endpoint(&silent)
        .push_interval(NEVER)
        .set_global(false)
        .otlp()
        .exporter(exporter.clone())
        .install()
        .unwrap();
    call("apart");
    let start = Instant::now();
    metrics.flush(limit).unwrap_err();
    assert!(start.elapsed() < 2 * limit, "{:?}", start.elapsed());
    exporter.flush(AMPLE).unwrap();
    metrics.shutdown(limit).unwrap_err();
    assert_accounted(2, &metrics.health());
    assert_accounted(2, &exporter.health());
    let key = ("otlp.calls".to_owned(), "tier=apart".to_owned());
    assert_eq!(totals(&lines)[&key], 1.0);

    // The other way round.
    let otlp = server();
    let exporter = Exporter::builder()
        .endpoint(&silent)
        .delivery_guarantee(DeliveryGuarantee::AtMostOnce)
        .build()
        .unwrap();
    let metrics = to(&otlp).exporter(exporter).install().unwrap();
    call("apart");
    metrics.flush(AMPLE).unwrap();
    assert_eq!(totals(&otlp)[&key], 1.0);
    // Its reader waits for the silent one.
    drop(metrics.shutdown(limit));
}

#[test]
fn tls_is_as_for_lines() {
    own_process!();
    let authority = Authority::new();
    let server = TlsServer::start(authority.identity("localhost"));
    let metrics = || {
        dt_metrics::builder()
            .endpoint(server.url("localhost"))
            .api_token(TOKEN)
            .push_interval(NEVER)
            .set_global(false)
            .otlp()
    };
    let trusting = metrics()
        .add_root_certificate_pem(authority.pem())
        .install()
        .unwrap();
    call("tls");
    trusting.shutdown(AMPLE).unwrap();
    let requests = server.requests();
    assert!(requests[0].starts_with(&format!("POST {OTLP} ")));

    let doubting = metrics().install().unwrap();
    call("tls");
    let error = doubting.flush(Duration::from_secs(1)).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("root that this host does not trust"),
        "{error}"
    );
    assert_eq!(server.requests().len(), requests.len());
    drop(doubting.shutdown(Duration::ZERO));
    assert_accounted(2, &trusting.health());
    assert_accounted(2, &doubting.health());
}

#[test]
fn series_beyond_the_limit_of_the_sdk_arrive_in_a_scope_that_looks_the_same() {
    own_process!();
    let receiver = Receiver::start();
    let metrics = at(&receiver.url(OTLP))
        .cardinality_limit(9_000)
        .install()
        .unwrap();
    (0..6_500).for_each(|id| count!("otlp.many", dims(id = id)));
    metrics.flush(AMPLE).unwrap();
    let health = metrics.health();
    assert_eq!(health.points_accepted, 6_500);
    assert_eq!(health.points_in_overflow_series, 0);
    (0..10_000).for_each(|id| count!("otlp.many", dims(id = id)));
    metrics.shutdown(AMPLE).unwrap();
    let health = metrics.health();
    assert_eq!(health.points_accepted, 6_500 + 9_001);
    assert_eq!(health.points_in_overflow_series, 1);
    assert_accounted(6_500 + 9_001, &health);
    for request in receiver.received() {
        let text = String::from_utf8_lossy(&request.body);
        assert!(!text.contains("urn:"), "the mark of a stream stays here");
    }
}
