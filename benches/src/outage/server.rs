//! A receiver of OTLP that fails on request.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use prost::Message;

/// How it fails.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fault {
    /// It answers that it cannot.
    Unavailable,
    /// It reads a request, sends nothing, and closes the connection.
    Silent,
}

impl Fault {
    pub(super) const ALL: [Self; 2] = [Self::Unavailable, Self::Silent];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Unavailable => "answers 503",
            Self::Silent => "hangs",
        }
    }
}

pub(super) struct Server {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    known: Mutex<Known>,
    changed: Condvar,
}

#[derive(Default)]
struct Known {
    fault: Option<Fault>,
    /// The sum of all counts that were accepted.
    received: u64,
}

impl Server {
    /// Listens on a free port. Its threads end with the process.
    pub(super) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let server = Self {
            address: listener.local_addr()?,
            state: Arc::default(),
        };
        let state = server.state.clone();
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let state = state.clone();
                // A client that goes away is none of our concern.
                thread::spawn(move || serve(&connection, &state).ok());
            }
        });
        Ok(server)
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/v1/metrics", self.address)
    }

    pub(super) fn fail(&self, fault: Option<Fault>) {
        self.state.lock().fault = fault;
        self.state.changed.notify_all();
    }

    pub(super) fn received(&self) -> u64 {
        self.state.lock().received
    }
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn serve(mut connection: &TcpStream, state: &State) -> io::Result<()> {
    let mut reader = BufReader::new(connection);
    while let Some(body) = read(&mut reader)? {
        let mut known = state.lock();
        match known.fault {
            None => {
                known.received += counts(&body)?;
                connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
            }
            Some(Fault::Unavailable) => {
                connection.write_all(b"HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n")?;
            }
            Some(Fault::Silent) => {
                let silence = state
                    .changed
                    .wait_while(known, |known| known.fault.is_some());
                drop(silence);
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The body of the next request; `None` if there is none.
fn read(reader: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut length = 0;
    while !line.trim().is_empty() {
        line.clear();
        reader.read_line(&mut line)?;
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(body))
}

/// The sum of all counts in a request.
fn counts(body: &[u8]) -> io::Result<u64> {
    let request = ExportMetricsServiceRequest::decode(body).map_err(io::Error::other)?;
    let scopes = request
        .resource_metrics
        .into_iter()
        .flat_map(|resource| resource.scope_metrics);
    let points = scopes
        .flat_map(|scope| scope.metrics)
        .filter_map(|metric| match metric.data {
            Some(Data::Sum(sum)) => Some(sum.data_points),
            _ => None,
        })
        .flatten();
    Ok(points
        .map(|point| match point.value {
            Some(Value::AsInt(count)) => u64::try_from(count).unwrap_or(0),
            _ => 0,
        })
        .sum())
}
