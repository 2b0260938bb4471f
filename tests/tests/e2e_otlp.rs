//! The same metrics by OTLP, over real HTTP and TLS, decoded from their protobuf.

mod common;
#[path = "common/tls.rs"]
mod tls;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use common::otlp::{Receiver, dimensions, number};
use common::{AMPLE, NEVER, alone, server};
use dt_metrics::dynatrace::{AmbiguousDelivery, Exporter};
use dt_metrics::{Builder, counted, gauge, record, up_down};
use dt_metrics_local::Server;
use dt_metrics_local::protocol::Payload;
use opentelemetry_proto::tonic::metrics::v1::AggregationTemporality;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;

const INGEST: &str = "/api/v2/metrics/ingest";
const OTLP: &str = "/api/v2/otlp/v1/metrics";
const TOKEN: &str = "dt0c01.PUBLICPART.SECRETSECRETSECRETSECRET";

#[counted(name = "otlp.calls", dims(tier = tier))]
fn call(tier: &str) {
    record!("otlp.size", 4.0, unit = "By", dims(tier = tier));
}

fn to(receiver: &Receiver) -> Builder {
    dt_metrics::builder()
        .endpoint(receiver.url(INGEST))
        .push_interval(NEVER)
        .set_global(false)
        .otlp()
}

/// Counts and counts of summaries, by key and dimensions.
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
            // What says that lines came from OpenTelemetry.
            .filter(|(key, _)| key.as_str() != "dt.metrics.source")
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        dimensions.sort();
        *totals.entry((line.key, dimensions.join(","))).or_default() += value;
    }
    totals
}

#[test]
fn both_ways_at_once_give_the_same_totals() {
    let _alone = alone();
    let (receiver, lines) = (Receiver::start(), server());
    let exporter = Exporter::builder()
        .endpoint(lines.url())
        .prefix("shop")
        .default_dimension("env", "test")
        .build()
        .unwrap();
    let metrics = to(&receiver)
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
        metrics.flush(AMPLE).unwrap();
    }
    exporter.flush(AMPLE).unwrap();
    metrics.shutdown(AMPLE).unwrap();

    let got = receiver.totals();
    assert_eq!(got, totals(&lines));
    let key = |name: &str, tier: &str| (format!("shop.{name}"), format!("env=test,tier={tier}"));
    assert_eq!(got[&key("otlp.calls", "gold")], 6.0);
    assert_eq!(got[&key("otlp.size", "gold")], 6.0);
    assert_eq!(got[&key("otlp.calls", "silver")], 3.0);
}

#[test]
fn it_is_deltas_in_protobuf_with_the_token_at_the_endpoint_of_the_environment() {
    let _alone = alone();
    let receiver = Receiver::start();
    let metrics = to(&receiver)
        .api_token(TOKEN)
        .service_name("checkout")
        .install()
        .unwrap();
    call("delta");
    up_down!("otlp.sessions", 5);
    gauge!("otlp.depth", 7.5);
    metrics.flush(AMPLE).unwrap();
    up_down!("otlp.sessions", -2);
    metrics.shutdown(AMPLE).unwrap();

    let requests = receiver.requests();
    assert_eq!(requests.len(), 2);
    let head = &requests[0].0;
    assert!(head.starts_with(&format!("POST {OTLP} HTTP/1.1")), "{head}");
    assert!(head.contains(&format!("authorization: Api-Token {TOKEN}")));
    assert!(head.contains("content-type: application/x-protobuf"));
    let resource = requests[0].1.resource_metrics[0].resource.clone().unwrap();
    assert!(dimensions(&resource.attributes).contains("service.name=checkout"));

    let (mut sums, mut histograms, mut sessions, mut depth) = (0, 0, 0.0, 0.0);
    for metric in receiver.metrics() {
        let name = metric.name.clone();
        match metric.data.unwrap() {
            Data::Sum(sum) if sum.is_monotonic => {
                sums += 1;
                assert_eq!(
                    sum.aggregation_temporality(),
                    AggregationTemporality::Delta,
                    "{name}"
                );
            }
            Data::Sum(sum) if name == "otlp.sessions" => {
                assert_eq!(
                    sum.aggregation_temporality(),
                    AggregationTemporality::Cumulative
                );
                sessions = number(sum.data_points[0].value.unwrap());
            }
            Data::Histogram(histogram) => {
                histograms += 1;
                assert_eq!(
                    histogram.aggregation_temporality(),
                    AggregationTemporality::Delta
                );
                let point = &histogram.data_points[0];
                assert_eq!((point.min, point.max), (Some(4.0), Some(4.0)));
                assert!(!point.explicit_bounds.is_empty(), "OTLP carries buckets");
            }
            Data::Gauge(gauge) if name == "otlp.depth" => {
                depth = number(gauge.data_points[0].value.unwrap());
            }
            _ => {}
        }
    }
    assert!(sums > 0 && histograms > 0);
    assert_eq!((sessions, depth), (3.0, 7.5));
}

#[test]
fn an_outage_costs_nothing() {
    let _alone = alone();
    let receiver = Receiver::start();
    receiver.answer(&[(503, "later"), (429, ""), (500, "")]);
    let metrics = to(&receiver).install().unwrap();
    call("outage");
    // One attempt at once, the others after pauses.
    metrics.flush(AMPLE).unwrap();
    call("outage");
    metrics.shutdown(AMPLE).unwrap();
    let key = ("otlp.calls".to_owned(), "tier=outage".to_owned());
    assert_eq!(receiver.totals()[&key], 2.0);
}

#[test]
fn what_is_too_large_is_sent_in_parts() {
    let _alone = alone();
    let receiver = Receiver::start();
    receiver.answer(&[(413, ""), (413, "")]);
    let metrics = to(&receiver).install().unwrap();
    for tier in 0..10 {
        call(&format!("part {tier}"));
    }
    metrics.flush(AMPLE).unwrap();
    assert_eq!(receiver.requests().len(), 3);
    let totals = receiver.totals();
    for tier in 0..10 {
        let key = ("otlp.calls".to_owned(), format!("tier=part {tier}"));
        assert_eq!(totals[&key], 1.0);
    }
    metrics.shutdown(AMPLE).unwrap();
}

#[test]
fn what_is_refused_is_said_without_the_token() {
    let _alone = alone();
    for (status, answer, expected) in [
        (403, TOKEN, "needs the scope `metrics.ingest`"),
        (401, "no", "the token is wrong"),
        (404, "not here", "/api/v2/otlp/v1/metrics"),
        (400, "bad", "answered 400"),
    ] {
        let receiver = Receiver::start();
        // More often than it is tried.
        receiver.answer(&[(status, answer); 10]);
        let metrics = to(&receiver).api_token(TOKEN).install().unwrap();
        call("refused");
        let error = metrics.flush(AMPLE).unwrap_err().to_string();
        assert!(error.contains(expected), "{status}: {error}");
        let shown = format!("{error} {metrics:?}");
        assert!(!shown.contains("SECRET"), "{shown}");
        drop(metrics.shutdown(Duration::ZERO));
    }
}

#[test]
fn points_that_are_refused_are_an_error_of_the_flush() {
    let _alone = alone();
    let receiver = Receiver::start();
    receiver.refuse(3, "too many dimensions");
    let metrics = to(&receiver).install().unwrap();
    call("partial");
    let error = metrics.flush(AMPLE).unwrap_err().to_string();
    assert!(
        error.contains("refused 3 data points: too many dimensions"),
        "{error}"
    );
}

#[test]
fn a_destination_that_says_nothing_does_not_hold_up_the_other() {
    let _alone = alone();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("http://{}{INGEST}", silent.local_addr().unwrap());
    let limit = Duration::from_secs(1);

    // By OTLP nobody answers: lines arrive.
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
    let key = ("otlp.calls".to_owned(), "tier=apart".to_owned());
    assert_eq!(totals(&lines)[&key], 1.0);

    // The other way round.
    let receiver = Receiver::start();
    let exporter = Exporter::builder()
        .endpoint(&silent)
        .ambiguous_delivery(AmbiguousDelivery::Drop)
        .build()
        .unwrap();
    let metrics = to(&receiver).exporter(exporter).install().unwrap();
    call("apart");
    metrics.flush(AMPLE).unwrap();
    assert_eq!(receiver.totals()[&key], 1.0);
    // Its reader waits for the silent one.
    drop(metrics.shutdown(limit));
}

#[test]
fn tls_is_as_for_lines() {
    let _alone = alone();
    let authority = tls::Authority::new();
    let server = tls::TlsServer::start(authority.identity("localhost"));
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
}
