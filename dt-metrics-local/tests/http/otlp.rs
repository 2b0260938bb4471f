//! The OTLP route over real HTTP.

use std::io::Write;

use crate::client::{Reply, post, raw, request};
use dt_metrics_local::otlp::{Data, Temporality};
use dt_metrics_local::store::Authorization;
use dt_metrics_local::{Answer, Fault, Protocol, Server};
use flate2::Compression;
use flate2::write::GzEncoder;
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::metric::Data as Metrics;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{
    Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;

const API: &str = "/api/v2/otlp/v1/metrics";
const COLLECTOR: &str = "/v1/metrics";
const PROTOBUF: (&str, &str) = ("Content-Type", "application/x-protobuf");
const DELTA: i32 = 1;
const CUMULATIVE: i32 = 2;

/// The body of a refusal.
#[derive(Clone, PartialEq, prost::Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

fn server() -> Server {
    Server::builder().start().expect("a free port is there")
}

fn counts(name: &str, aggregation_temporality: i32, values: &[f64]) -> Metric {
    let data_points = values.iter().map(|value| NumberDataPoint {
        value: Some(Value::AsDouble(*value)),
        ..NumberDataPoint::default()
    });
    Metric {
        name: name.to_owned(),
        unit: "{order}".to_owned(),
        description: "Orders taken".to_owned(),
        data: Some(Metrics::Sum(Sum {
            data_points: data_points.collect(),
            aggregation_temporality,
            is_monotonic: true,
        })),
        ..Metric::default()
    }
}

fn duration() -> Metric {
    Metric {
        name: "duration".to_owned(),
        data: Some(Metrics::Histogram(Histogram {
            data_points: vec![HistogramDataPoint {
                count: 2,
                sum: Some(3.0),
                min: Some(1.0),
                max: Some(2.0),
                explicit_bounds: vec![1.5],
                bucket_counts: vec![1, 1],
                ..HistogramDataPoint::default()
            }],
            aggregation_temporality: DELTA,
        })),
        ..Metric::default()
    }
}

fn body(metrics: Vec<Metric>) -> Vec<u8> {
    let scope_metrics = vec![ScopeMetrics {
        metrics,
        ..ScopeMetrics::default()
    }];
    let resource_metrics = vec![ResourceMetrics {
        scope_metrics,
        ..ResourceMetrics::default()
    }];
    ExportMetricsServiceRequest { resource_metrics }.encode_to_vec()
}

fn send(server: &Server, metrics: Vec<Metric>) -> Reply {
    post(server, API, &[PROTOBUF], body(metrics))
}

fn partial(reply: &Reply) -> Option<ExportMetricsPartialSuccess> {
    assert_eq!(reply.header("content-type"), Some("application/x-protobuf"));
    let response = ExportMetricsServiceResponse::decode(&*reply.bytes);
    response.expect("an answer in protobuf").partial_success
}

#[track_caller]
fn refused(reply: &Reply, status: u16, code: i32, message: &str) {
    assert_eq!(reply.status, status, "{}", reply.body);
    assert_eq!(reply.header("content-type"), Some("application/x-protobuf"));
    let said = Status::decode(&*reply.bytes).expect("an error in protobuf");
    assert_eq!(said.code, code);
    assert!(said.message.contains(message), "{}", said.message);
}

#[test]
fn data_points_are_answered_200_and_kept_as_lines() {
    let server = server();
    let reply = send(&server, vec![counts("orders", DELTA, &[3.0]), duration()]);
    assert_eq!((reply.status, partial(&reply)), (200, None));

    assert_eq!(server.lines()[0].to_string(), "orders count,delta=3");
    assert_eq!(
        server.lines()[1].to_string(),
        "duration gauge,min=1,max=2,sum=3,count=2"
    );
    assert!((server.total("orders") - 3.0).abs() < 1e-9);
    let metadata = &server.metadata()[0];
    assert_eq!(metadata.unit.as_deref(), Some("{order}"));
    assert_eq!(metadata.description.as_deref(), Some("Orders taken"));

    let points = server.otlp_points();
    assert_eq!(points.len(), 2);
    let Data::Histogram {
        bounds,
        temporality,
        ..
    } = &points[1].data
    else {
        panic!("{points:?}")
    };
    assert_eq!((bounds.len(), *temporality), (1, Temporality::Delta));

    let request = &server.requests()[0];
    assert_eq!(request.protocol, Protocol::Otlp);
    assert_eq!((request.lines, request.refused), (2, 0));
    assert!(request.is_accepted() && request.bytes > 0);
    assert_eq!(server.totals().requests_accepted, 1);
}

#[test]
fn units_and_descriptions_count_once_however_often_they_come() {
    let server = server();
    for _ in 0..3 {
        send(&server, vec![counts("orders", DELTA, &[1.0])]);
    }
    assert_eq!(server.totals().metadata, 1);
    assert_eq!(server.totals().lines, 3);
}

#[test]
fn an_attribute_that_is_not_stored_is_reported_in_a_partial_success() {
    let server = server();
    let array = AnyValue {
        value: Some(any_value::Value::ArrayValue(ArrayValue::default())),
    };
    let mut request = ExportMetricsServiceRequest::decode(&*body(vec![
        counts("orders", DELTA, &[3.0, 4.0]),
        counts("visits", CUMULATIVE, &[1.0]),
    ]))
    .unwrap();
    request.resource_metrics[0].resource = Some(Resource {
        attributes: vec![KeyValue {
            key: "process.command_args".to_owned(),
            value: Some(array),
            ..KeyValue::default()
        }],
        ..Resource::default()
    });
    let reply = post(&server, API, &[PROTOBUF], request.encode_to_vec());
    let said = partial(&reply).expect("a partial success");
    assert_eq!(said.rejected_data_points, 1);
    let array = "orders: attribute \"process.command_args\" is not stored";
    let cumulative = "visits: monotonic sums must be delta, not cumulative";
    for reason in [array, cumulative] {
        assert!(
            said.error_message.contains(reason),
            "{}",
            said.error_message
        );
    }
    assert_eq!((server.lines().len(), server.notes().len()), (2, 1));

    // Without a refused data point it is a warning, and the request is accepted.
    request.resource_metrics[0].scope_metrics[0].metrics.pop();
    let reply = post(&server, API, &[PROTOBUF], request.encode_to_vec());
    assert_eq!(reply.status, 200);
    let said = partial(&reply).expect("a warning");
    assert_eq!(said.rejected_data_points, 0);
    assert!(
        said.error_message.starts_with(array),
        "{}",
        said.error_message
    );
    assert!(server.requests()[1].is_accepted());
}

#[test]
fn services_are_series_of_their_own() {
    let server = server();
    for service in ["checkout", "billing"] {
        let mut request =
            ExportMetricsServiceRequest::decode(&*body(vec![counts("orders", DELTA, &[3.0])]))
                .unwrap();
        let name = AnyValue {
            value: Some(any_value::Value::StringValue(service.to_owned())),
        };
        request.resource_metrics[0].resource = Some(Resource {
            attributes: vec![KeyValue {
                key: "service.name".to_owned(),
                value: Some(name),
                ..KeyValue::default()
            }],
            ..Resource::default()
        });
        post(&server, API, &[PROTOBUF], request.encode_to_vec());
    }
    assert_eq!(server.series().len(), 2);
    let billing = server.counter_total("orders", &[("service.name", "billing")]);
    assert!((billing - 3.0).abs() < 1e-9);
}

#[test]
fn some_refused_are_a_partial_success_and_all_refused_are_an_error() {
    let server = server();
    let wrong = || counts("total.orders", CUMULATIVE, &[1.0, 2.0]);
    let reply = send(&server, vec![wrong(), counts("orders", DELTA, &[3.0])]);
    assert_eq!(reply.status, 200);
    let said = partial(&reply).expect("a partial success");
    assert_eq!(said.rejected_data_points, 2);
    let reason = "monotonic sums must be delta, not cumulative \
                  (UNSUPPORTED_METRIC_TYPE_MONOTONIC_CUMULATIVE_SUM)";
    assert_eq!(said.error_message, format!("total.orders: {reason}"));
    assert_eq!(server.lines().len(), 1);
    let rejected = server.rejected();
    assert_eq!(rejected[1].text, "total.orders cumulative monotonic sum");
    assert_eq!((rejected[1].line_number, rejected[1].column()), (2, 14));
    assert!(!server.requests()[0].is_accepted());
    assert_eq!(server.totals().requests_accepted, 0);

    refused(&send(&server, vec![wrong()]), 400, 3, reason);
    assert_eq!(server.lines().len(), 1);
}

#[test]
fn other_forms_are_refused_by_name() {
    let server = server();
    let protobuf = body(vec![counts("orders", DELTA, &[1.0])]);
    let json = [("Content-Type", "application/json")];
    refused(&post(&server, API, &json, "{}"), 415, 3, "JSON");
    let text = [("Content-Type", "text/plain")];
    refused(
        &post(&server, API, &text, "aaa gauge,1"),
        415,
        3,
        "protobuf",
    );
    for encoding in ["zstd", "deflate", "gzip, gzip", "identity", ""] {
        let encoded = [PROTOBUF, ("Content-Encoding", encoding)];
        let reply = post(&server, API, &encoded, &protobuf);
        refused(&reply, 415, 3, "compression");
    }
    let twice = [
        PROTOBUF,
        ("Content-Encoding", "gzip"),
        ("Content-Encoding", "gzip"),
    ];
    refused(&post(&server, API, &twice, &protobuf), 415, 3, "gzip");
    refused(&post(&server, API, &[], &protobuf), 415, 3, "Content-Type");
    let noise = post(&server, API, &[PROTOBUF], "orders count,delta=1");
    refused(&noise, 400, 3, "not an ExportMetricsServiceRequest");
    assert!(server.lines().is_empty());
    assert_eq!(server.requests().len(), 10);

    // Nothing is nothing wrong.
    let nothing = post(&server, API, &[PROTOBUF], "");
    assert_eq!((nothing.status, partial(&nothing)), (200, None));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("a Vec takes all");
    encoder.finish().expect("a Vec takes all")
}

#[test]
fn gzip_is_taken_and_shown_as_it_came() {
    let server = server();
    let plain = body(vec![counts("orders", DELTA, &[1.0; 100])]);
    let packed = gzip(&plain);
    assert!(packed.len() < plain.len() / 4);
    let (first, second) = plain.split_at(plain.len() / 2);
    // A stream may have several members.
    let members = [gzip(first), gzip(second)].concat();
    for (path, encoding, body) in [
        (API, "gzip", &packed),
        (COLLECTOR, "GZIP", &packed),
        (API, "gzip", &members),
    ] {
        let headers = [PROTOBUF, ("Content-Encoding", encoding)];
        let reply = post(&server, path, &headers, body);
        assert_eq!((reply.status, partial(&reply)), (200, None));
        let request = server.requests().pop().expect("it came");
        assert_eq!((request.lines, request.bytes), (100, body.len() as u64));
    }
    assert!((server.total("orders") - 300.0).abs() < 1e-9);

    // A fault by content checks the decoded content, not the bytes.
    server.fail_containing("orders", 503).unwrap();
    let headers = [PROTOBUF, ("Content-Encoding", "gzip")];
    assert_eq!(post(&server, API, &headers, &packed).status, 503);
}

#[test]
fn a_broken_stream_is_answered_400_and_a_bomb_413() {
    let server = server();
    let packed = gzip(&body(vec![counts("orders", DELTA, &[1.0; 100])]));
    let cut = &packed[..packed.len() - 1];
    let mut flipped = packed.clone();
    let checksum = flipped.len() - 8;
    flipped[checksum] ^= 1;
    let followed = [packed.as_slice(), b"more"].concat();
    let send = |body: &[u8]| {
        post(
            &server,
            API,
            &[PROTOBUF, ("Content-Encoding", "gzip")],
            body,
        )
    };
    for body in [&b"orders"[..], b"", cut, &flipped, &followed] {
        refused(&send(body), 400, 3, "not gzip");
    }
    // Zeros are not metrics, but are read before this is detected: 4 kB become a byte too many.
    let largest = gzip(&vec![0; 4_000_000]);
    refused(
        &send(&largest),
        400,
        3,
        "not an ExportMetricsServiceRequest",
    );
    let bomb = gzip(&vec![0; 4_000_001]);
    assert!(bomb.len() < 40_000);
    refused(&send(&bomb), 413, 8, "4 MB");
    assert!(server.lines().is_empty());
    assert_eq!(server.requests().len(), 7);
}

#[test]
fn oversized_bodies_are_answered_413() {
    let server = server();
    refused(
        &post(&server, API, &[PROTOBUF], vec![b' '; 4_000_001]),
        413,
        8,
        "4 MB",
    );
    let points = vec![1.0; 15_001];
    let reply = send(&server, vec![counts("orders", DELTA, &points)]);
    refused(&reply, 413, 8, "15000 data points");
    let reply = send(&server, vec![counts("orders", DELTA, &points[1..])]);
    assert_eq!(reply.status, 200);
    assert_eq!(server.totals().lines, 15_000);
}

#[test]
fn the_api_requires_its_token_and_the_collector_does_not() {
    let server = Server::builder()
        .token("good")
        .token_without_scope("weak")
        .start()
        .expect("a free port is there");
    let body = body(vec![counts("orders", DELTA, &[1.0])]);
    let send = |path, token: &str| {
        let token = format!("Api-Token {token}");
        post(
            &server,
            path,
            &[PROTOBUF, ("Authorization", &*token)],
            &body,
        )
    };
    refused(&post(&server, API, &[PROTOBUF], &body), 401, 16, "Missing");
    refused(&send(API, "bad"), 401, 16, "Authentication failed");
    refused(&send(API, "weak"), 403, 7, "metrics.ingest");
    let activegate = "/e/abc/api/v2/otlp/v1/metrics";
    assert_eq!(send(activegate, "good").status, 200);
    assert_eq!(send(API, "good").status, 200);
    assert_eq!(send(COLLECTOR, "bad").status, 200);
    assert_eq!(post(&server, COLLECTOR, &[PROTOBUF], &body).status, 200);
    let worth: Vec<_> = server
        .requests()
        .iter()
        .map(|it| it.authorization)
        .collect();
    assert_eq!(
        worth[3..],
        [
            Authorization::Accepted,
            Authorization::Accepted,
            Authorization::Unchecked,
            Authorization::Absent
        ]
    );
}

#[test]
fn other_paths_and_methods_get_a_hint() {
    let server = server();
    for path in ["/api/v2/otlp", "/e//api/v2/otlp/v1/metrics", "/v1/traces"] {
        let reply = post(&server, path, &[PROTOBUF], "");
        assert_eq!(reply.status, 404, "{path}");
        assert!(reply.body.contains("OTLP to /api/v2/otlp/v1/metrics"));
    }
    for path in [API, COLLECTOR] {
        let get = request("GET", path, &[], b"");
        assert_eq!(raw(server.address(), &get).status, 405);
    }
}

#[test]
fn faults_also_apply_to_this_route() {
    let server = server();
    let orders = || vec![counts("orders", DELTA, &[1.0, 2.0, 3.0])];
    server.fail_next(1, 503).unwrap();
    server.fail_next(1, Fault::RefuseLines(2)).unwrap();
    server.fail_next(1, Fault::BodyLimit(5)).unwrap();
    let own = ExportMetricsServiceResponse {
        partial_success: Some(ExportMetricsPartialSuccess {
            rejected_data_points: 300,
            error_message: "é".repeat(100),
        }),
    };
    let answer = Answer::new(200)
        .header("Content-Type", "application/x-protobuf")
        .body(own.encode_to_vec());
    server.fail_next(1, answer).unwrap();

    assert_eq!(send(&server, orders()).status, 503);
    let said = partial(&send(&server, orders())).expect("a partial success");
    assert_eq!(said.rejected_data_points, 2);
    assert_eq!(said.error_message, "orders: refused on demand");
    refused(&send(&server, orders()), 413, 8, "the limit is 5 bytes");
    assert_eq!(partial(&send(&server, orders())), own.partial_success);
    assert_eq!(server.lines().len(), 1, "of the second request");

    server
        .fail_containing("orders", Fault::EchoAuthorization(403))
        .unwrap();
    assert_eq!(send(&server, orders()).status, 403);
    assert_eq!(send(&server, vec![duration()]).status, 200);
    let met: Vec<_> = server.requests().iter().filter_map(|it| it.fault).collect();
    assert_eq!(
        met,
        [
            "answer",
            "refuse-lines",
            "body-limit",
            "answer",
            "echo-authorization"
        ]
    );
    assert!(server.requests().iter().all(|it| it.lines > 0));
}

/// A histogram with these buckets, in a series of this route.
fn latency(route: &str, bounds: &[f64], counts: &[u64]) -> Metric {
    let value = any_value::Value::StringValue(route.to_owned());
    let attributes = vec![KeyValue {
        key: "route".to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }];
    let count = counts.iter().sum();
    let sum = 2.0 * f64::from(u32::try_from(count).unwrap());
    Metric {
        name: "latency".to_owned(),
        data: Some(Metrics::Histogram(Histogram {
            data_points: vec![HistogramDataPoint {
                attributes,
                count,
                sum: Some(sum),
                min: Some(0.5),
                max: Some(20.0),
                explicit_bounds: bounds.to_vec(),
                bucket_counts: counts.to_vec(),
                ..HistogramDataPoint::default()
            }],
            aggregation_temporality: DELTA,
        })),
        ..Metric::default()
    }
}

#[test]
fn percentiles_are_estimated_from_the_buckets_of_all_series() {
    let server = server();
    let percentiles = |query: &str| {
        let path = format!("/api/history?metrics=latency&step=1{query}");
        let reply = raw(server.address(), &request("GET", &path, &[], b""));
        reply.json()["metrics"][0]["percentiles"].clone()
    };
    assert_eq!(percentiles(""), serde_json::Value::Null);
    let bounds = [1.0, 2.0, 4.0, 8.0];
    for _ in 0..2 {
        let reply = send(
            &server,
            vec![
                latency("a", &bounds, &[10, 80, 8, 1, 1]),
                latency("b", &bounds, &[0, 0, 0, 0, 100]),
            ],
        );
        assert_eq!(reply.status, 200);
    }
    // 50 of 100 values: 40 of the 80 between 1 and 2. 95: 5 of the 8 between 2 and 4.
    let expected = serde_json::json!([1.5, 3.25, 8.0]);
    assert_eq!(percentiles("&by=route"), expected);
    let all = percentiles("");
    assert_eq!(all[0], 8.0 + 12.0 / 101.0);
    assert!(
        all[1].as_f64() > Some(18.0) && all[2].as_f64() <= Some(20.0),
        "{all}"
    );
    // Other bounds replace the known ones, and one bucket has no percentiles.
    send(&server, vec![latency("a", &[10.0], &[4, 0])]);
    send(&server, vec![latency("a", &[], &[4])]);
    assert_eq!(percentiles("&by=route")[0], 5.25);
}
