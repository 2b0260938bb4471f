//! A small HTTP client that can also speak wrongly.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use dt_metrics_local::Server;
use serde_json::Value;

pub(crate) const API: &str = "/api/v2/metrics/ingest";
pub(crate) const ONEAGENT: &str = "/metrics/ingest";
pub(crate) const TEXT: (&str, &str) = ("Content-Type", "text/plain; charset=utf-8");

/// For events that must come; only a failing test waits this long.
pub(crate) const LONG: Duration = Duration::from_secs(20);

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
    #[cfg_attr(
        not(feature = "otlp"),
        expect(dead_code, reason = "the other bodies are text")
    )]
    pub(crate) bytes: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{:?}: {error}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the server listens");
    stream
        .set_read_timeout(Some(LONG))
        .expect("a socket has timeouts");
    stream
}

/// Sends raw bytes and reads to the end.
pub(crate) fn raw(address: SocketAddr, request: &[u8]) -> Reply {
    let mut stream = connect(address);
    stream.write_all(request).expect("the server reads");
    reply(stream)
}

/// Reads an answer to the end of its connection.
pub(crate) fn reply(mut stream: TcpStream) -> Reply {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the server answers");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let bytes = answer.split_off(end.expect("an answer has a head") + 4);
    let head = String::from_utf8(answer).expect("heads are text");
    Reply {
        status: head[9..12].parse().expect("a status has three digits"),
        head,
        body: String::from_utf8_lossy(&bytes).into_owned(),
        bytes,
    }
}

pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    if headers.iter().all(|(name, _)| *name != "Host") {
        request.push_str("Host: localhost\r\n");
    }
    for (name, value) in headers {
        write!(request, "{name}: {value}\r\n").expect("a String takes all");
    }
    write!(request, "Content-Length: {}\r\n\r\n", body.len()).expect("a String takes all");
    let mut request = request.into_bytes();
    request.extend_from_slice(body);
    request
}

pub(crate) fn post(
    server: &Server,
    path: &str,
    headers: &[(&str, &str)],
    body: impl AsRef<[u8]>,
) -> Reply {
    raw(
        server.address(),
        &request("POST", path, headers, body.as_ref()),
    )
}

/// Posts lines to the Dynatrace API as a good client does.
pub(crate) fn ingest(server: &Server, body: &str) -> Reply {
    post(server, API, &[TEXT], body)
}
