//! A server that takes everything: HTTP/1.1 as far as the exporters speak it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// Answers every request at once and counts the bytes of their bodies.
pub(crate) struct Sink {
    address: SocketAddr,
    bytes: Arc<AtomicU64>,
}

impl Sink {
    /// Listens on a free port. Its threads end with the process.
    pub(crate) fn start() -> io::Result<Self> {
        Self::far_away(Duration::ZERO)
    }

    /// Answers each request after a delay, as if the server were so far away.
    pub(crate) fn far_away(delay: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let sink = Self {
            address: listener.local_addr()?,
            bytes: Arc::default(),
        };
        let bytes = sink.bytes.clone();
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let bytes = bytes.clone();
                // A client that goes away is none of our concern.
                thread::spawn(move || serve(&connection, &bytes, delay).ok());
            }
        });
        Ok(sink)
    }

    pub(crate) fn dynatrace_url(&self) -> String {
        format!("http://{}/api/v2/metrics/ingest", self.address)
    }

    pub(crate) fn otlp_url(&self) -> String {
        format!("http://{}/v1/metrics", self.address)
    }

    /// Bytes of all bodies so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

fn serve(connection: &TcpStream, bytes: &AtomicU64, delay: Duration) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(256 * 1024, connection);
    let mut line = String::new();
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let is_otlp = line.contains("/v1/metrics ");
        let mut length = 0;
        while line.trim() != "" {
            line.clear();
            reader.read_line(&mut line)?;
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
        }
        bytes.fetch_add(length, Ordering::Relaxed);
        io::copy(&mut reader.by_ref().take(length), &mut io::sink())?;
        if !delay.is_zero() {
            thread::sleep(delay);
        }
        let mut connection = connection;
        if is_otlp {
            // An empty message of protobuf: all was taken.
            connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n")?;
        } else {
            connection.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")?;
        }
    }
}
