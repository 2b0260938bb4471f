//! The catalogue that a program hands over to the local endpoint.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use crate::common::{AMPLE, server, to};
use dt_metrics::measured;
use dt_metrics_local::Server;
use serde_json::Value;

/// Brews.
#[measured(name = "local_catalog.brew")]
fn brew() {}

fn catalog(server: &Server) -> Value {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(AMPLE)).unwrap();
    stream
        .write_all(b"GET /api/catalog HTTP/1.0\r\nHost: localhost\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

#[test]
fn the_local_endpoint_has_the_catalogue_when_a_short_program_ends() {
    own_process!();
    let server = server();
    let builder = to(&server).prefix("shop").service_name("bar");
    let metrics = builder.install().unwrap();
    brew();
    metrics.shutdown(AMPLE).unwrap();
    let all = catalog(&server);
    let program = &all["programs"][0];
    assert_eq!(
        (&program["service"], &program["prefix"]),
        (&"bar".into(), &"shop".into())
    );
    let instruments = program["instruments"].as_array().unwrap();
    let calls = instruments
        .iter()
        .find(|it| it["key"] == "shop.local_catalog.brew.calls")
        .unwrap();
    assert_eq!(calls["kind"], "counter");
    let folder = program["sources"].as_str().unwrap();
    let file = Path::new(folder).join(calls["file"].as_str().unwrap());
    let source = std::fs::read_to_string(file).unwrap();
    let line = usize::try_from(calls["line"].as_u64().unwrap()).unwrap();
    let from_line = source.lines().skip(line - 1).take(2).collect::<String>();
    assert!(from_line.contains("brew"), "{from_line}");
}
