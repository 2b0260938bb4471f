//! Clients that stop in the middle of a request.

use std::io::{Read, Write};
use std::time::Duration;

use dt_metrics_local::{Fault, Server};

use crate::client::{API, LONG, TEXT, connect, reply, request};

const SHORT: Duration = Duration::from_millis(200);

fn impatient() -> Server {
    Server::builder().request_timeout(SHORT).start().unwrap()
}

#[test]
fn an_incomplete_head_ends_the_connection() {
    let server = impatient();
    let whole = request("POST", API, &[TEXT], b"orders 1");
    let head = whole.len() - "\r\norders 1".len();
    for sent in [1, 4, 20, head] {
        let mut stream = connect(server.address());
        stream.write_all(&whole[..sent]).unwrap();
        let mut rest = Vec::new();
        // It is closed, by a reset on some systems.
        let _ = stream.read_to_end(&mut rest);
        assert!(rest.is_empty(), "{:?}", String::from_utf8_lossy(&rest));
    }
    // Nor is one that comes a byte at a time.
    let mut stream = connect(server.address());
    let mut sent = 0;
    while stream.write_all(b"P").is_ok() {
        std::thread::sleep(SHORT / 10);
        sent += 1;
        assert!(sent < 1_000, "it is still open");
    }
    assert!(server.lines().is_empty());
}

#[test]
fn half_a_head_after_a_whole_request_is_not_waited_for() {
    let server = impatient();
    let mut stream = connect(server.address());
    for path in [API, "/"] {
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 "));
        // The rest of the answer; the connection stays open for longer than a head may take.
        stream.set_read_timeout(Some(SHORT * 2)).unwrap();
        let mut rest = Vec::new();
        assert!(stream.read_to_end(&mut rest).is_err(), "it was closed");
        stream.set_read_timeout(Some(LONG)).unwrap();
    }
    stream.write_all(b"GET / HTTP/1.1\r\nHost:").unwrap();
    let _ = stream.read_to_end(&mut Vec::new());
}

#[test]
fn half_a_body_is_answered() {
    let server = impatient();
    let whole = request("POST", API, &[TEXT], b"orders 1\nvisits 2");
    for missing in [1, 9, 17] {
        let mut stream = connect(server.address());
        stream.write_all(&whole[..whole.len() - missing]).unwrap();
        let reply = reply(stream);
        assert_eq!(reply.status, 408, "{}", reply.body);
        assert!(
            reply.body.contains("did not arrive in time"),
            "{}",
            reply.body
        );
    }
    assert!(server.lines().is_empty());
}

#[test]
fn slowness_of_the_server_is_not_a_fault_of_the_client() {
    let server = impatient();
    let pace = 200;
    server
        .fail_next(
            1,
            Fault::SlowReading {
                bytes_per_second: pace,
            },
        )
        .unwrap();
    let mut stream = connect(server.address());
    let whole = request("POST", API, &[TEXT], b"orders 1");
    stream.write_all(&whole).unwrap();
    assert_eq!(reply(stream).status, 202);
}
