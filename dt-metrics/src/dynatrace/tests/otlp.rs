//! Delivery over OTLP, with all features of metric lines.

use crate::dynatrace::config::builder::ExporterBuilder;
use crate::dynatrace::config::options::DeliveryGuarantee;
use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::event::DeliveryEvent;
use crate::dynatrace::exporter::Exporter;
use crate::dynatrace::health::DropReason;
use crate::dynatrace::health::Health;
use crate::dynatrace::tests::server::{Reply, Request, Server};
use crate::dynatrace::tests::{LONG, end_in_outage, export_one, provider, readdress, to};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, MeterProvider};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use prost::Message as _;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// A program that counts, and a server that is down until the outage ends.
struct Program {
    exporter: Exporter,
    provider: SdkMeterProvider,
    counter: Counter<u64>,
    is_up: Arc<AtomicBool>,
    /// The accepted values.
    arrived: Arc<Mutex<Vec<i64>>>,
}

impl Program {
    fn start(options: impl FnOnce(ExporterBuilder) -> ExporterBuilder) -> Self {
        Self::start_with(|builder, _| options(builder))
    }

    fn start_with(options: impl FnOnce(ExporterBuilder, &Server) -> ExporterBuilder) -> Self {
        let is_up = Arc::new(AtomicBool::new(false));
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let (asked, accepted) = (is_up.clone(), arrived.clone());
        let server = Server::start(move |_, request| {
            if asked.load(Ordering::Relaxed) {
                accepted.lock().expect("no panic").extend(counts(request));
                Reply::accepted()
            } else {
                Reply::status(503)
            }
        });
        let exporter = options(to(&server).otlp(), &server).build().expect("valid");
        let provider = provider(&exporter);
        let counter = provider.meter("test").u64_counter("calls").build();
        Self {
            exporter,
            provider,
            counter,
            is_up,
            arrived,
        }
    }

    fn with_spool(spool: &Path) -> Self {
        Self::start_with(|builder, server| {
            readdress(spool, Format::Otlp, server);
            builder.spool_dir(spool)
        })
    }

    fn count(&self, amount: u64) {
        self.counter.add(amount, &[]);
        self.provider.force_flush().expect("collected");
    }

    /// Ends the outage and returns the values that arrived after it.
    fn deliver(&self) -> Vec<i64> {
        self.is_up.store(true, Ordering::Relaxed);
        self.exporter.flush(LONG).expect("delivered");
        std::mem::take(&mut *self.arrived.lock().expect("no panic"))
    }

    fn health(&self) -> Health {
        self.exporter.health()
    }
}

/// The values of all sums in a request.
fn counts(request: &Request) -> Vec<i64> {
    let message = ExportMetricsServiceRequest::decode(&*request.bytes).expect("protobuf");
    let scopes = message
        .resource_metrics
        .into_iter()
        .flat_map(|resource| resource.scope_metrics);
    let points = scopes
        .flat_map(|scope| scope.metrics)
        .flat_map(|metric| match metric.data {
            Some(Data::Sum(sum)) => sum.data_points,
            _ => Vec::new(),
        });
    points
        .map(|point| match point.value {
            Some(Value::AsInt(value)) => value,
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn an_outage_is_in_the_books_and_costs_nothing() {
    let (failing, failed) = std::sync::mpsc::channel();
    let program = Program::start(|builder| {
        builder.on_delivery_event(move |_| {
            let _told = failing.send(());
        })
    });
    for amount in 1..=3 {
        program.count(amount);
    }
    failed.recv_timeout(LONG).expect("an attempt that failed");
    let health = program.health();
    assert_eq!(health.points_pending, 3);
    assert!(health.bytes_pending > 0 && health.last_success.is_none());

    assert_eq!(program.deliver(), [1, 2, 3]);
    let health = program.health();
    assert_eq!((health.points_accepted, health.requests_accepted), (3, 3));
    assert_eq!((health.points_pending, health.bytes_pending), (0, 0));
    assert!(health.requests_failed > 0);
    assert_eq!(health.retries, health.requests_failed);
    assert!(health.last_success.is_some());
    let error = health.last_error.expect("the outage");
    assert!(
        error.contains("/api/v2/otlp/v1/metrics answered 503"),
        "{error}"
    );
}

/// The error of a receiver: `google.rpc.Status` with a code and a message.
fn malformed() -> Reply {
    Reply::Answer {
        status: 400,
        headers: vec![("content-type", "application/x-protobuf".into())],
        body: "\u{8}\u{3}\u{12}\u{9}malformed".into(),
    }
}

#[test]
fn refused_lines_are_counted_with_the_reason() {
    let answer = ExportMetricsServiceResponse {
        partial_success: Some(ExportMetricsPartialSuccess {
            rejected_data_points: 1,
            error_message: "bad attribute".into(),
        }),
    }
    .encode_to_vec();
    let answer = String::from_utf8(answer).expect("no byte above 127");
    let server = Server::start(move |number, _| match number {
        0 => Reply::with_body(200, answer.clone()),
        1 => malformed(),
        _ => Reply::accepted(),
    });
    let exporter = to(&server).otlp().build().expect("valid");
    let provider = provider(&exporter);
    let counter = provider.meter("test").u64_counter("calls").build();
    for key in ["a", "b"] {
        counter.add(1, &[KeyValue::new("key", key)]);
    }
    provider.force_flush().expect("collected");
    exporter.flush(LONG).expect("answered");
    let health = exporter.health();
    assert_eq!((health.points_accepted, health.points_rejected), (1, 1));
    assert_eq!(health.requests_accepted, 1);
    let error = health.last_error.expect("a reason");
    assert!(
        error.contains("1 of 2 data points rejected: bad attribute"),
        "{error}"
    );

    counter.add(1, &[]);
    provider.force_flush().expect("collected");
    // An error only if it had not been answered before.
    let _refused = exporter.flush(LONG);
    let health = exporter.health();
    let error = health.last_error.expect("a reason");
    assert!(error.contains("malformed"), "{error}");
    let expected = BTreeMap::from([(DropReason::RequestRejected, 1)]);
    assert_eq!(health.dropped, expected);
    assert_eq!((health.points_dropped, health.requests_failed), (1, 1));
}

#[test]
fn the_guarantee_decides_about_unanswered_requests() {
    for (policy, ok, dropped) in [
        (DeliveryGuarantee::AtLeastOnce, 1, 0),
        (DeliveryGuarantee::AtMostOnce, 0, 1),
    ] {
        let server = Server::start(|number, _| match number {
            0 => Reply::Close,
            _ => Reply::accepted(),
        });
        let exporter = to(&server)
            .otlp()
            .delivery_guarantee(policy)
            .build()
            .expect("valid");
        let _provider = export_one(&exporter);
        exporter.flush(LONG).expect("settled");
        let health = exporter.health();
        assert_eq!(health.requests_unanswered, 1);
        assert_eq!(
            (health.points_accepted, health.points_dropped),
            (ok, dropped)
        );
    }
}

#[test]
fn the_program_receives_events() {
    let (sender, told) = std::sync::mpsc::channel();
    let program = Program::start(|builder| {
        builder.on_delivery_event(move |event| sender.send(event.clone()).expect("kept"))
    });
    program.count(1);
    let failing = told.recv_timeout(LONG).expect("told");
    assert!(
        matches!(failing, DeliveryEvent::Failing { .. }),
        "{failing:?}"
    );
    program.deliver();
    assert_eq!(told.recv_timeout(LONG), Ok(DeliveryEvent::Recovered));
}

#[test]
fn the_exporters_own_numbers_are_metrics_if_enabled() {
    let program = Program::start(|builder| builder);
    program.is_up.store(true, Ordering::Relaxed);
    program
        .exporter
        .observe_health(&program.provider.meter("exporter"));
    program.count(5);
    // The counters of what happened begin with 0.
    assert_eq!(program.deliver().into_iter().max(), Some(5));
    let health = program.health();
    assert!(health.points_accepted > 1);
    program.count(0);
    let ok = i64::try_from(health.points_accepted).expect("few");
    assert!(program.deliver().contains(&ok));
}

#[test]
fn the_next_process_sends_the_spool() {
    let spool = tempfile::tempdir().expect("a folder for temporary files");
    let first = Program::with_spool(spool.path());
    first.count(1);
    first.count(2);
    assert_eq!(first.health().points_spooled, 2);
    end_in_outage(&first.exporter);

    let second = Program::with_spool(spool.path());
    assert_eq!(second.health().points_recovered, 2);
    second.count(3);
    assert_eq!(second.deliver(), [1, 2, 3]);
    assert_eq!(second.health().points_spooled, 0);
}

#[test]
fn lines_and_protobuf_in_one_directory_do_not_mix() {
    let spool = tempfile::tempdir().expect("a folder for temporary files");
    let is_up = Arc::new(AtomicBool::new(false));
    let asked = is_up.clone();
    let server = Server::start(move |_, _| {
        if asked.load(Ordering::Relaxed) {
            Reply::accepted()
        } else {
            Reply::status(503)
        }
    });
    let in_spool = |builder: ExporterBuilder| builder.spool_dir(spool.path());
    for builder in [to(&server), to(&server).otlp()] {
        let exporter = in_spool(builder).build().expect("valid");
        let _provider = export_one(&exporter);
        end_in_outage(&exporter);
    }
    let before = server.requests().len();
    is_up.store(true, Ordering::Relaxed);
    let lines = in_spool(to(&server)).build().expect("valid");
    lines.flush(LONG).expect("delivered");
    let otlp = in_spool(to(&server).otlp()).build().expect("valid");
    otlp.flush(LONG).expect("delivered");
    for exporter in [lines, otlp] {
        let health = exporter.health();
        assert_eq!((health.points_recovered, health.points_accepted), (1, 1));
    }
    let requests = server.requests().split_off(before);
    assert_eq!(requests.len(), 2);
    assert!(requests[0].body.contains("requests"), "{:?}", requests[0]);
    assert!(requests[0].first_line.contains("/metrics/ingest"));
    assert_eq!(counts(&requests[1]), [3]);
    assert!(requests[1].first_line.contains("/otlp/v1/metrics"));
}

#[test]
fn more_than_a_request_may_hold_goes_in_several() {
    let server = Server::accepting();
    let exporter = to(&server).otlp().build().expect("valid");
    let provider = provider(&exporter);
    let meter = provider.meter("test");
    // The SDK bounds the series of an instrument.
    let series = 1_900;
    for instrument in 0..9 {
        let counter = meter.u64_counter(format!("calls.{instrument}")).build();
        for key in 0..series {
            counter.add(1, &[KeyValue::new("key", key)]);
        }
    }
    provider.force_flush().expect("collected");
    exporter.flush(LONG).expect("delivered");
    let sizes: Vec<_> = server
        .requests()
        .iter()
        .map(|request| counts(request).len())
        .collect();
    assert_eq!(sizes.len(), 2, "{sizes:?}");
    assert!(sizes.iter().all(|size| *size <= 15_000), "{sizes:?}");
    assert_eq!(sizes.iter().sum::<usize>(), 17_100);
    assert_eq!(exporter.health().points_accepted, 17_100);
}
