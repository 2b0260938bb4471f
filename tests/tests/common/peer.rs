//! Programs in other languages that send to the local endpoint, and its HTTP API, by which they would read
//! it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use serde_json::Value;

use super::AMPLE;
use dt_metrics_local::Server;

/// The answer of the server's HTTP API at this path.
pub fn api(server: &Server, path: &str) -> Value {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(AMPLE)).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

/// A program that `.ci/peers` or `.ci/otlp` installs, without the settings that this environment has for
/// senders.
pub fn installed(variable: &str) -> Command {
    let path = std::env::var(variable);
    let mut command = Command::new(path.expect("`.ci/peers` and `.ci/otlp` set it"));
    for (name, _) in std::env::vars() {
        let is_proxy = name.to_ascii_lowercase().ends_with("_proxy");
        if is_proxy || name.starts_with("OTEL_") || name.starts_with("ROTEL_") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a program to its end, and returns its standard error.
pub fn succeeds(mut command: Command) -> String {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{}: {errors}", output.status);
    errors
}
