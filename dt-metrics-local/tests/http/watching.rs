//! A running endpoint as a test sees it: waiting, events, totals, faults.

use std::io::Write;
use std::thread;
use std::time::Duration;

use crate::client::{API, LONG, TEXT, connect, ingest, reply, request};
use dt_metrics_local::store::{Event, Limits, State};
use dt_metrics_local::{Answer, FaultError, Server};
use serde_json::json;

fn server() -> Server {
    Server::builder().start().expect("a free port is there")
}

#[test]
fn waiting_ends_when_the_lines_are_there() {
    let server = server();
    assert!(!server.wait_for(Duration::ZERO, |state| state.lines().len() > 0));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| server.wait_for(LONG, |state| state.lines().len() == 2));
        ingest(&server, "aaa gauge,1");
        ingest(&server, "bbb gauge,1");
        assert!(waiting.join().unwrap());
    });
}

#[test]
fn a_panic_in_a_predicate_does_not_affect_other_waiters() {
    let server = server();
    let result = thread::scope(|scope| {
        scope
            .spawn(|| server.wait_for(LONG, |_| panic!("a failing test")))
            .join()
    });
    assert!(result.is_err());
    assert_eq!(ingest(&server, "aaa gauge,1").status, 202);
    assert_eq!(server.lines().len(), 1);
}

#[test]
fn subscribers_see_everything_in_order_until_the_server_is_gone() {
    let server = server();
    let (first, second) = (server.subscribe(), server.subscribe());
    drop(second);
    ingest(
        &server,
        "aaa gauge,1\n#aaa gauge dt.meta.unit=s\nbad\nbbb gauge,1",
    );
    ingest(&server, "ccc gauge,1");
    drop(server);
    let seen: Vec<_> = first
        .iter()
        .map(|event| match event {
            Event::Line(line) => line.text.clone(),
            Event::Metadata(metadata) => metadata.text.clone(),
            Event::Rejected(rejected) => format!("refused {}", rejected.text),
            Event::Request(request) => request.status.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        seen,
        [
            "aaa gauge,1",
            "#aaa gauge dt.meta.unit=s",
            "bbb gauge,1",
            "refused bad",
            "400",
            "ccc gauge,1",
            "202"
        ]
    );
}

#[test]
fn totals_do_not_depend_on_kept_points() {
    let limits = Limits::default().lines(2).rejected(1).requests(3);
    let server = Server::builder().limits(limits).start().unwrap();
    for n in 1..=5 {
        ingest(
            &server,
            &format!("hits,n={n},even={} count,delta={n}\nbad{n}", n % 2 == 0),
        );
    }
    assert_eq!(server.lines().len(), 2);
    assert_eq!(server.lines()[1].dimension("n"), Some("5"));
    assert_eq!(server.rejected()[0].text, "bad5");
    assert_eq!(server.requests().len(), 3);
    let totals = server.totals();
    assert_eq!((totals.lines, totals.rejected, totals.requests), (5, 5, 5));
    assert!((server.counter_total("hits", &[]) - 15.0).abs() < 1e-9);
    assert!((server.counter_total("hits", &[("even", "true")]) - 6.0).abs() < 1e-9);
    assert!(server.counter_total("hits", &[("even", "maybe")]).abs() < 1e-9);
    assert!(server.counter_total("misses", &[]).abs() < 1e-9);
}

#[test]
fn answers_on_demand_come_in_order_and_take_nothing_in() {
    let server = server();
    server.answer_next(503, 2).unwrap();
    let busy = Answer::new(429).header("Retry-After", "7").body("later");
    server.answer_next(busy, 1).unwrap();
    server.answer_next(202, 0).unwrap();

    for _ in 0..2 {
        let reply = ingest(&server, "aaa count,delta=1");
        assert_eq!(reply.status, 503);
        assert_eq!(
            reply.json(),
            json!({"error": {"code": 503, "message": "Service Unavailable"}})
        );
    }
    let reply = ingest(&server, "aaa count,delta=1");
    assert_eq!(
        (reply.status, reply.header("retry-after")),
        (429, Some("7"))
    );
    assert_eq!(reply.body, "later");
    assert!(server.lines().is_empty());

    assert_eq!(ingest(&server, "aaa count,delta=1").status, 202);
    let statuses: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.status)
        .collect();
    assert_eq!(statuses, [503, 503, 429, 202]);
    assert_eq!(server.requests()[0].lines, 1);
}

#[test]
fn impossible_answers_are_refused() {
    let server = server();
    for status in [0, 99, 100, 101, 1000] {
        assert_eq!(
            server.answer_next(status, 1),
            Err(FaultError::Status(status))
        );
    }
    let answer = Answer::new(500).header("bad name", "x");
    assert_eq!(
        server.answer_next(answer, 1),
        Err(FaultError::Header("bad name".into()))
    );
    let answer = Answer::new(500).header("name", "a\nb");
    assert_eq!(
        server.answer_next(answer, 1),
        Err(FaultError::Header("name".into()))
    );
    assert_eq!(ingest(&server, "aaa gauge,1").status, 202);
}

#[test]
fn a_held_request_is_answered_when_released() {
    let server = server();
    server.hold_next(2);
    thread::scope(|scope| {
        let requests: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| ingest(&server, "aaa count,delta=1")))
            .collect();
        assert!(server.wait_for(LONG, |state| state.held() == 2));
        assert!(server.lines().is_empty());
        // Others are served meanwhile.
        assert_eq!(ingest(&server, "bbb count,delta=1").status, 202);
        server.release();
        for request in requests {
            assert_eq!(request.join().unwrap().status, 202);
        }
    });
    assert!((server.counter_total("aaa", &[]) - 2.0).abs() < 1e-9);
    assert_eq!(server.inspect(State::held), 0);
}

#[test]
fn a_release_ends_holding() {
    let server = server();
    server.hold_next(5);
    server.release();
    assert_eq!(ingest(&server, "aaa gauge,1").status, 202);
}

#[test]
fn a_held_request_whose_client_gave_up_is_not_taken_in() {
    let server = server();
    server.hold_next(1);
    let mut stream = connect(server.address());
    stream
        .write_all(&request("POST", API, &[TEXT], b"aaa count,delta=1"))
        .unwrap();
    assert!(server.wait_for(LONG, |state| state.held() == 1));
    drop(stream);
    assert!(server.wait_for(LONG, |state| state.held() == 0));
    server.release();
    assert_eq!(ingest(&server, "bbb gauge,1").status, 202);
    assert_eq!(server.lines().len(), 1);
}

#[test]
fn a_server_that_holds_requests_can_be_dropped() {
    let server = server();
    server.hold_next(1);
    let mut stream = connect(server.address());
    stream
        .write_all(&request("POST", API, &[TEXT], b"aaa count,delta=1"))
        .unwrap();
    assert!(server.wait_for(LONG, |state| state.held() == 1));
    drop(server);
    let mut rest = Vec::new();
    // Closed or reset, but over.
    let _ = std::io::Read::read_to_end(&mut stream, &mut rest);
    assert!(rest.is_empty());
}

#[test]
fn clients_side_by_side_lose_nothing() {
    let server = server();
    thread::scope(|scope| {
        for worker in 0..8 {
            let server = &server;
            scope.spawn(move || {
                for _ in 0..25 {
                    let body = format!("hits,worker={worker} count,delta=2\nbad");
                    assert_eq!(ingest(server, &body).status, 400);
                }
            });
        }
    });
    assert!((server.counter_total("hits", &[]) - 400.0).abs() < 1e-9);
    let totals = server.totals();
    assert_eq!(
        (totals.lines, totals.rejected, totals.requests),
        (200, 200, 200)
    );
    assert_eq!(server.series().len(), 8);
}

#[test]
fn a_server_starts_and_stops_inside_async_programs() {
    for runtime in [
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap(),
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap(),
    ] {
        runtime.block_on(async {
            let server = server();
            let reply = {
                let mut stream = connect(server.address());
                stream
                    .write_all(&request("POST", API, &[TEXT], b"aaa gauge,1"))
                    .unwrap();
                reply(stream)
            };
            assert_eq!(reply.status, 202);
        });
    }
}
