//! Faults on demand, as a client meets them.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant, SystemTime};

use crate::client::{API, LONG, TEXT, connect, ingest, post, reply, request};
use dt_metrics_local::{Answer, Fault, FaultError, Server, StartError};
use serde_json::json;

const BODY: &str = "aaa count,delta=2\nbbb count,delta=3";

/// Long enough to see that nothing comes.
const MOMENT: Duration = Duration::from_millis(300);

fn server() -> Server {
    Server::builder().start().expect("a free port is there")
}

fn send(server: &Server) -> TcpStream {
    let mut stream = connect(server.address());
    stream
        .write_all(&request("POST", API, &[TEXT], BODY.as_bytes()))
        .unwrap();
    stream
}

fn counts(server: &Server) -> (f64, f64) {
    (server.total("aaa"), server.total("bbb"))
}

#[test]
fn any_status_can_be_answered_and_takes_nothing_in() {
    let server = server();
    for status in [202, 401, 403, 404, 413, 429, 500, 502, 503, 504] {
        server.fail_next(1, status).unwrap();
        assert_eq!(ingest(&server, BODY).status, status);
        assert_eq!(server.requests().pop().unwrap().fault, Some("answer"));
    }
    assert!(server.counts().is_empty());
    assert_eq!(server.totals().requests_unanswered, 0);
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let server = server();
    let minute = Duration::from_secs(60);
    server
        .fail_next(1, Answer::new(429).retry_after(minute))
        .unwrap();
    assert_eq!(ingest(&server, BODY).header("retry-after"), Some("60"));

    server
        .fail_next(1, Answer::new(503).retry_after_date(minute))
        .unwrap();
    let reply = ingest(&server, BODY);
    let date = httpdate::parse_http_date(reply.header("retry-after").unwrap()).unwrap();
    let left = date.duration_since(SystemTime::now()).unwrap();
    assert!(left + LONG > minute && left <= minute, "{left:?}");

    let never = Answer::new(503).retry_after_date(Duration::MAX);
    server.fail_next(1, never).unwrap();
    let reply = ingest(&server, BODY);
    assert!(reply.header("retry-after").unwrap().contains("9999"));
}

#[test]
fn web_pages_and_redirects_are_recognised() {
    let server = server();
    server.fail_next(1, Answer::html(200)).unwrap();
    let reply = ingest(&server, BODY);
    assert_eq!(
        reply.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(reply.body.starts_with("<!DOCTYPE html>"));

    let elsewhere = "http://elsewhere.example/x";
    server.fail_next(1, Answer::redirect(elsewhere)).unwrap();
    let reply = ingest(&server, BODY);
    assert_eq!(
        (reply.status, reply.header("location")),
        (307, Some(elsewhere))
    );
    assert!(server.counts().is_empty());
}

#[test]
fn refused_lines_are_named_and_other_lines_accepted() {
    let server = server();
    server.fail_next(2, Fault::RefuseLines(1)).unwrap();
    let reply = ingest(&server, &format!("bad\n{BODY}"));
    assert_eq!(reply.status, 400);
    assert_eq!(
        reply.json()["error"]["invalidLines"][1],
        json!({"line": 2, "error": "refused on demand, column 1"})
    );
    assert_eq!(
        (reply.json()["linesOk"].as_u64(), server.rejected().len()),
        (Some(1), 2)
    );
    assert_eq!(counts(&server), (0.0, 3.0));

    // No more can be refused than there are.
    assert_eq!(ingest(&server, "aaa count,delta=1").status, 400);
    assert_eq!(counts(&server), (0.0, 3.0));
}

#[test]
fn a_limit_of_the_body_is_kept() {
    let server = server();
    let limit = BODY.len() as u64;
    server.fail_always(Fault::BodyLimit(limit)).unwrap();
    assert_eq!(ingest(&server, BODY).status, 202);
    let reply = ingest(&server, &format!("{BODY}\n"));
    assert_eq!(reply.status, 413);
    assert!(reply.body.contains(&format!("limit is {limit} bytes")));
    assert_eq!(counts(&server), (2.0, 3.0));
}

#[test]
fn the_token_comes_back_on_demand() {
    let server = Server::builder().token("t0p.secret").start().unwrap();
    server.fail_next(1, Fault::EchoAuthorization(403)).unwrap();
    let headers = [TEXT, ("Authorization", "Api-Token t0p.secret")];
    let reply = post(&server, API, &headers, BODY);
    assert_eq!(reply.status, 403);
    assert!(reply.body.contains("Api-Token t0p.secret"));
    assert!(server.counts().is_empty());
    assert!(!format!("{server:?}").contains("t0p.secret"));
}

#[test]
fn a_token_can_be_replaced() {
    let server = Server::builder().token("old").start().unwrap();
    let with = |token| {
        let header = format!("Api-Token {token}");
        post(&server, API, &[TEXT, ("Authorization", &header)], BODY).status
    };
    assert_eq!((with("old"), with("new")), (202, 401));
    server.replace_token("new");
    assert_eq!((with("old"), with("new")), (401, 202));
}

#[test]
fn a_reset_fault_accepts_the_lines_that_were_read() {
    let server = server();
    for (fault, expected) in [
        (Fault::ResetBeforeReading, (0.0, 0.0)),
        (Fault::ResetAfterReading, (2.0, 3.0)),
    ] {
        server.fail_next(1, fault.clone()).unwrap();
        let error = send(&server).read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{fault:?}");
        assert_eq!(counts(&server), expected, "{fault:?}");
        let request = server.requests().pop().unwrap();
        assert_eq!((request.status, request.fault), (0, Some(fault.name())));
    }
    let totals = server.totals();
    assert_eq!(
        (totals.requests_unanswered, totals.lines_unanswered),
        (2, 2)
    );
    assert_eq!(ingest(&server, BODY).status, 202);
}

#[test]
fn a_second_request_on_a_connection_has_its_own_fault() {
    let server = server();
    server.fail_next(1, Fault::None).unwrap();
    server.fail_next(1, Fault::ResetBeforeReading).unwrap();
    let mut stream = connect(server.address());
    let text = String::from_utf8(request("POST", API, &[TEXT], BODY.as_bytes())).unwrap();
    let keep = text.replace("Connection: close\r\n", "");
    stream.write_all(keep.as_bytes()).unwrap();
    assert!(server.wait_for(LONG, |state| state.lines().len() == 2));
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 202");
    stream.write_all(keep.as_bytes()).unwrap();
    let error = stream.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(counts(&server), (2.0, 3.0));
}

#[test]
fn silence_lasts_until_the_client_gives_up() {
    let server = server();
    for (fault, expected) in [
        (Fault::SilentBeforeReading, (0.0, 0.0)),
        (Fault::SilentAfterReading, (2.0, 3.0)),
    ] {
        server.fail_next(1, fault.clone()).unwrap();
        let mut stream = send(&server);
        assert!(
            server.wait_for(LONG, |state| state.held() == 1),
            "{fault:?}"
        );
        assert_eq!(counts(&server), expected, "{fault:?}");
        // It outlasts the end of the faults, and others are served meanwhile.
        server.recover();
        stream.set_read_timeout(Some(MOMENT)).unwrap();
        let error = stream.read(&mut [0]).unwrap_err();
        assert!(matches!(
            error.kind(),
            ErrorKind::WouldBlock | ErrorKind::TimedOut
        ));
        assert_eq!(ingest(&server, "ccc gauge,1").status, 202);
        drop(stream);
        assert!(
            server.wait_for(LONG, |state| state.held() == 0),
            "{fault:?}"
        );
    }
}

#[test]
fn a_delayed_answer_is_accepted_at_once() {
    let server = server();
    server.fail_next(1, Fault::Delay(2 * MOMENT)).unwrap();
    let start = Instant::now();
    let stream = send(&server);
    assert!(server.wait_for(LONG, |state| state.lines().len() == 2));
    assert!(start.elapsed() < 2 * MOMENT);
    assert_eq!(reply(stream).status, 202);
    assert!(start.elapsed() >= 2 * MOMENT);
}

#[test]
fn a_slow_answer_comes_byte_by_byte() {
    let server = server();
    let pace = Fault::SlowAnswer {
        bytes_per_second: 10,
    };
    server.fail_next(1, pace).unwrap();
    let start = Instant::now();
    let mut stream = send(&server);
    let mut bytes = [0; 16];
    for n in 0..5_u32 {
        assert_eq!(stream.read(&mut bytes).unwrap(), 1);
        assert!(start.elapsed() >= n * Duration::from_millis(100));
    }
    assert_eq!(counts(&server), (2.0, 3.0));
}

#[test]
fn a_slow_reader_reads_slowly() {
    let server = server();
    let size = request("POST", API, &[TEXT], BODY.as_bytes()).len();
    let pace = Fault::SlowReading {
        bytes_per_second: u32::try_from(size).unwrap() * 2,
    };
    server.fail_next(1, pace).unwrap();
    let start = Instant::now();
    assert_eq!(reply(send(&server)).status, 202);
    assert!(start.elapsed() > MOMENT);
    assert_eq!(server.requests()[0].fault, Some("slow-reading"));
    assert_eq!(counts(&server), (2.0, 3.0));

    let start = Instant::now();
    assert_eq!(ingest(&server, BODY).status, 202);
    assert!(start.elapsed() < MOMENT);
}

#[test]
fn endless_answers_have_no_end() {
    for (fault, end_of_head) in [(Fault::EndlessBody, true), (Fault::EndlessHeaders, false)] {
        let server = server();
        server.fail_next(1, fault.clone()).unwrap();
        let mut answer = vec![0; 2_000_000];
        let mut stream = send(&server);
        stream.read_exact(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 202 "), "{fault:?}");
        assert_eq!(answer.contains("\r\n\r\n"), end_of_head, "{fault:?}");
        assert_eq!(counts(&server), (2.0, 3.0));
        // Others are served meanwhile, and afterwards.
        assert_eq!(ingest(&server, "ccc gauge,1").status, 202);
        drop(stream);
        assert_eq!(ingest(&server, "ccc gauge,1").status, 202);
    }
}

#[test]
fn faults_are_for_ingest_requests_only() {
    let server = server();
    server.fail_always(Fault::ResetBeforeReading).unwrap();
    let bytes = request("GET", "/elsewhere", &[], b"");
    let mut stream = connect(server.address());
    stream.write_all(&bytes).unwrap();
    assert_eq!(reply(stream).status, 404);
}

#[test]
fn a_tls_handshake_can_be_met_by_silence_or_a_reset() {
    let server = server();
    server.fail_next(1, Fault::SilentBeforeReading).unwrap();
    server.fail_next(1, Fault::ResetBeforeReading).unwrap();
    let hello = [22, 3, 1, 0, 5, 1, 0, 0, 1, 3];
    let mut silent = connect(server.address());
    silent.write_all(&hello).unwrap();
    assert!(server.wait_for(LONG, |state| state.held() == 1));
    let mut reset = connect(server.address());
    reset.write_all(&hello).unwrap();
    let error = reset.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    silent.set_read_timeout(Some(MOMENT)).unwrap();
    silent.read(&mut [0]).unwrap_err();
}

#[test]
fn a_builder_plans_faults_from_the_start() {
    let server = Server::builder()
        .fail_next(1, 500)
        .fail_always(503)
        .start()
        .unwrap();
    let status = || ingest(&server, BODY).status;
    assert_eq!((status(), status(), status()), (500, 503, 503));
    let random = Server::builder()
        .fail_at_random(1, &[(1, 502.into())])
        .start()
        .unwrap();
    assert_eq!(ingest(&random, BODY).status, 502);

    let error = Server::builder().fail_always(7).start().unwrap_err();
    assert!(matches!(
        error,
        StartError::Fault {
            source: FaultError::Status(7)
        }
    ));
}
