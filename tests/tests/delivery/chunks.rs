//! Requests of one collection that fail apart.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use dt_metrics::dynatrace::{DeliveryGuarantee, Exporter, ExporterBuilder};
use dt_metrics_local::protocol::Payload;
use dt_metrics_local::store::State;
use dt_metrics_local::{Fault, Server};
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::{Instrument, Stream};

use crate::common::accounting::{assert_accounted, assert_arrived};
use crate::common::own_process::alone;
use crate::common::proof::{AMPLE, Pipeline};

const LINES: i64 = 2_500;
const LINES_PER_REQUEST: usize = 1_000;

/// A wait for an event that must not happen.
const MOMENT: Duration = Duration::from_millis(100);

fn without_limit(_: &Instrument) -> Option<Stream> {
    Stream::builder()
        .with_cardinality_limit(10_000)
        .build()
        .ok()
}

/// A collection of 2,500 lines, for a server that this was done to.
fn export(plan: impl FnOnce(&Server)) -> (Pipeline, Server) {
    let server = Server::builder().start().unwrap();
    plan(&server);
    let exporter = Exporter::builder()
        .endpoint(server.url())
        .max_lines_per_request(LINES_PER_REQUEST)
        .build()
        .unwrap();
    let pipeline = Pipeline::new(exporter, without_limit);
    let gauge = pipeline.provider.meter("chunks").i64_gauge("load").build();
    for index in 0..LINES {
        gauge.record(index, &[KeyValue::new("index", index)]);
    }
    pipeline.provider.force_flush().unwrap();
    (pipeline, server)
}

/// The second request of three meets this fault, once.
fn second(fault: impl Into<Fault>) -> impl FnOnce(&Server) {
    let fault = fault.into();
    move |server| {
        server.fail_next(1, Fault::None).unwrap();
        server.fail_next(1, fault).unwrap();
    }
}

#[test]
fn a_request_that_always_fails_does_not_affect_other_requests() {
    let (pipeline, server) = export(|server| {
        server.fail_containing("index=1500", 400).unwrap();
    });
    // Which of the three it is, the order of the SDK decides.
    let refused = |state: &State| {
        let mut requests = state.requests();
        let refused = requests.find(|request| request.fault.is_some());
        refused.map_or(0, |request| request.lines as u64)
    };
    let all = LINES.unsigned_abs();
    let arrived = server.wait_for(AMPLE, |state| state.totals().lines + refused(state) == all);
    assert!(arrived, "{:?}", pipeline.exporter.health());
    // The shutdown returns an error, unless the request was already given up.
    let _ = pipeline.exporter.shutdown(MOMENT);
    let health = pipeline.exporter.health();
    assert_accounted(LINES.unsigned_abs(), &health);
    assert_arrived(server.totals().lines, LINES.unsigned_abs(), &health);
    let refused = server.inspect(refused);
    assert!(refused == 500 || refused == 1_000, "{refused}");
    assert_eq!(
        (health.points_accepted, health.points_dropped),
        (all - refused, refused)
    );
    assert_eq!(server.totals().lines, all - refused);
}

#[test]
fn the_line_that_makes_the_server_fail_is_found_and_other_lines_arrive() {
    // These statuses do not prove that the request is at fault.
    for status in [404, 405, 410, 415, 418, 500] {
        let (pipeline, server) = export(|server| {
            server.fail_containing("index=1500", status).unwrap();
        });
        let others = LINES.unsigned_abs() - 1;
        let arrived = server.wait_for(AMPLE, |state| state.totals().lines == others);
        assert!(arrived, "{status}: {:?}", pipeline.exporter.health());
        pipeline.exporter.shutdown(MOMENT).unwrap_err();
        let health = pipeline.exporter.health();
        assert_accounted(LINES.unsigned_abs(), &health);
        assert_arrived(server.totals().lines, LINES.unsigned_abs(), &health);
        assert_eq!((health.points_accepted, health.points_dropped), (others, 1));
        assert_eq!(server.totals().lines, others, "{status}");
    }
}

#[test]
fn a_request_that_fails_for_a_while_is_sent_again_by_itself() {
    let (pipeline, server) = export(second(503));
    pipeline.exporter.flush(AMPLE).unwrap();
    assert_eq!(server.totals().lines, 2_500);
    assert_eq!(server.requests().len(), 4);
    let health = pipeline.exporter.health();
    assert_accounted(LINES.unsigned_abs(), &health);
    assert_arrived(server.totals().lines, LINES.unsigned_abs(), &health);
    assert_eq!((health.points_accepted, health.retries), (2_500, 1));
}

#[test]
fn of_a_request_that_is_refused_in_part_the_rest_arrives_once() {
    let (pipeline, server) = export(second(Fault::RefuseLines(100)));
    pipeline.exporter.flush(AMPLE).unwrap();
    assert_eq!(
        (server.totals().lines, server.totals().rejected),
        (2_400, 100)
    );
    let health = pipeline.exporter.health();
    assert_accounted(LINES.unsigned_abs(), &health);
    assert_arrived(server.totals().lines, LINES.unsigned_abs(), &health);
    assert_eq!(
        (
            health.points_accepted,
            health.points_rejected,
            health.retries
        ),
        (2_400, 100, 0)
    );
}

#[test]
fn a_request_that_is_too_large_arrives_in_pieces() {
    let (pipeline, server) = export(|server| {
        server.fail_always(Fault::BodyLimit(20_000)).unwrap();
    });
    pipeline.exporter.flush(AMPLE).unwrap();
    assert_eq!(server.totals().lines, 2_500);
    let health = pipeline.exporter.health();
    assert_accounted(LINES.unsigned_abs(), &health);
    assert_arrived(server.totals().lines, LINES.unsigned_abs(), &health);
    assert_eq!((health.points_accepted, health.points_dropped), (2_500, 0));
}

/// More than 1,000 lines, which only a OneAgent limits.
#[test]
fn a_request_to_the_api_is_as_long_as_it_may_be() {
    for (is_api, requests) in [(true, 1), (false, 3)] {
        let server = Server::builder().start().unwrap();
        let url = if is_api {
            server.url()
        } else {
            server.oneagent_url()
        };
        let exporter = Exporter::builder().endpoint(url).build().unwrap();
        let pipeline = Pipeline::new(exporter, without_limit);
        let gauge = pipeline.provider.meter("chunks").i64_gauge("load").build();
        for index in 0..LINES {
            gauge.record(index, &[KeyValue::new("index", index)]);
        }
        pipeline.deliver();
        assert_eq!(server.totals().lines, 2_500);
        assert_eq!(server.requests().len(), requests);
    }
}

/// The most requests that a server had to answer at the same time, for collections of 40 requests.
fn most_at_once(path: &str, options: impl FnOnce(ExporterBuilder) -> ExporterBuilder) -> usize {
    let (most, url) = counting_server(path);
    let exporter = Exporter::builder().endpoint(url).max_lines_per_request(50);
    let pipeline = Pipeline::new(options(exporter).build().unwrap(), without_limit);
    let gauge = pipeline.provider.meter("chunks").i64_gauge("load").build();
    for index in 0..2_000 {
        gauge.record(index, &[KeyValue::new("index", index)]);
    }
    pipeline.deliver();
    let health = pipeline.exporter.health();
    assert_accounted(2_000, &health);
    assert_eq!(
        (health.points_accepted, health.requests_accepted),
        (2_000, 40)
    );
    most.load(Ordering::Relaxed)
}

/// A server that answers each request after a moment, and counts the requests that it has at once.
fn counting_server(path: &str) -> (Arc<AtomicUsize>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}{path}", listener.local_addr().unwrap());
    let most = Arc::<AtomicUsize>::default();
    let (seen, now) = (most.clone(), Arc::<AtomicUsize>::default());
    thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            let (seen, now) = (seen.clone(), now.clone());
            thread::spawn(move || answer(&connection, &seen, &now));
        }
    });
    (most, url)
}

fn answer(connection: &TcpStream, most: &AtomicUsize, now: &AtomicUsize) -> io::Result<()> {
    let mut reader = BufReader::new(connection);
    loop {
        let mut length = 0;
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let header = line.to_ascii_lowercase();
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let at_once = now.fetch_add(1, Ordering::Relaxed) + 1;
        most.fetch_max(at_once, Ordering::Relaxed);
        io::copy(&mut reader.by_ref().take(length), &mut io::sink())?;
        thread::sleep(Duration::from_millis(5));
        now.fetch_sub(1, Ordering::Relaxed);
        let mut connection = connection;
        connection.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")?;
    }
}

#[test]
fn several_requests_are_in_flight_except_where_one_is_wanted() {
    let api = "/api/v2/metrics/ingest";
    let at_once = most_at_once(api, |exporter| exporter);
    assert!((2..=4).contains(&at_once), "{at_once}");
    assert_eq!(most_at_once("/metrics/ingest", |exporter| exporter), 1);
    let careful = DeliveryGuarantee::AtMostOnce;
    let at_once = most_at_once(api, |exporter| exporter.delivery_guarantee(careful));
    assert_eq!(at_once, 1);
}

/// Collections of several requests over OTLP, which are in flight together, and a server that fails.
#[test]
fn over_otlp_large_collections_arrive_once_and_in_order() {
    const SERIES: i64 = 31_000;
    const COLLECTIONS: i64 = 2;
    // It keeps the processor busy, so no test of a deadline runs meanwhile.
    let _turn = alone();
    let seed = RandomState::new().hash_one(0);
    println!("seed {seed}");
    let server = Server::builder().start().unwrap();
    let faults = [
        (8, Fault::None),
        (4, Fault::Delay(Duration::from_millis(30))),
        (1, 503.into()),
        (1, 429.into()),
        (1, Fault::ResetBeforeReading),
    ];
    server.fail_at_random(seed, &faults).unwrap();
    let exporter = Exporter::builder().endpoint(server.url()).otlp();
    let pipeline = Pipeline::new(exporter.build().unwrap(), |_| {
        let stream = Stream::builder().with_cardinality_limit(100_000);
        stream.build().ok()
    });
    let gauge = pipeline.provider.meter("chunks").i64_gauge("load").build();
    for collection in 0..COLLECTIONS {
        for index in 0..SERIES {
            gauge.record(collection, &[KeyValue::new("index", index)]);
        }
        pipeline.provider.force_flush().unwrap();
    }
    pipeline.exporter.flush(AMPLE).unwrap();
    let all = (SERIES * COLLECTIONS).unsigned_abs();
    let health = pipeline.exporter.health();
    assert_accounted(all, &health);
    assert_eq!((health.points_accepted, server.totals().lines), (all, all));
    let mut newest = HashMap::new();
    for line in server.lines() {
        let Payload::Gauge { value } = line.payload else {
            panic!("{line:?}")
        };
        let mut dimensions = line.dimensions.iter();
        let index = dimensions.find(|(key, _)| key == "index").cloned();
        let expected = newest.get(&index).map_or(0.0, |before| before + 1.0);
        assert!((value - expected).abs() < 0.5, "{line:?} after {expected}");
        newest.insert(index, value);
    }
    assert_eq!(newest.len() as u64, SERIES.unsigned_abs());
}
