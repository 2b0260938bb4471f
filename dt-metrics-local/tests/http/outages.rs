//! A server that is not there, and is there again.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use crate::client::{API, LONG, TEXT, connect, ingest, request};
use dt_metrics_local::Server;

const BODY: &str = "aaa count,delta=1";

fn server() -> Server {
    Server::builder().start().expect("a free port is there")
}

#[test]
fn an_outage_refuses_and_ends_on_the_same_port() {
    let server = server();
    let (address, url) = (server.address(), server.url());
    for round in 1..=3 {
        assert_eq!(ingest(&server, BODY).status, 202);
        server.stop_listening().unwrap();
        let error = TcpStream::connect(address).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        assert_eq!((server.address(), server.url()), (address, url.clone()));
        // The port is kept meanwhile.
        assert!(Server::builder().port(address.port()).start().is_err());
        server.listen_again().unwrap();
        assert!((server.total("aaa") - f64::from(round)).abs() < 1e-9);
    }
    server.listen_again().expect("it listens already");
    assert_eq!(ingest(&server, BODY).status, 202);
    server.stop_listening().unwrap();
    server.stop_listening().expect("nobody listens already");
}

#[test]
fn an_outage_ends_held_requests() {
    let server = server();
    server.hold_next(1);
    let mut stream = connect(server.address());
    stream
        .write_all(&request("POST", API, &[TEXT], BODY.as_bytes()))
        .unwrap();
    assert!(server.wait_for(LONG, |state| state.held() == 1));
    server.stop_listening().unwrap();
    let mut rest = Vec::new();
    // Closed or reset, but over.
    let _ = stream.read_to_end(&mut rest);
    assert!(rest.is_empty());
    assert!(server.wait_for(LONG, |state| state.held() == 0));
    assert!(server.lines().is_empty());
}

#[test]
fn faults_outlast_an_outage() {
    let server = server();
    server.fail_next(1, 503).unwrap();
    server.stop_listening().unwrap();
    server.listen_again().unwrap();
    assert_eq!(ingest(&server, BODY).status, 503);
    assert_eq!(ingest(&server, BODY).status, 202);
}

#[cfg(target_os = "linux")]
#[test]
fn an_unreachable_server_answers_no_connection() {
    let server = server();
    server.become_unreachable().unwrap();
    let moment = std::time::Duration::from_millis(300);
    for _ in 0..3 {
        let error = TcpStream::connect_timeout(&server.address(), moment).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }
    server.listen_again().unwrap();
    assert_eq!(ingest(&server, BODY).status, 202);

    // From one kind of outage to the other kind.
    server.stop_listening().unwrap();
    server.become_unreachable().unwrap();
    assert!(TcpStream::connect_timeout(&server.address(), moment).is_err());
}
