//! A server that answers as scripted and remembers its requests.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) first_line: String,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    /// As text, if it is text.
    pub(crate) body: String,
    #[cfg(feature = "otlp")]
    pub(crate) bytes: Vec<u8>,
}

/// The next action of the server.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: String,
    },
    /// Sends nothing and keeps the connection open.
    Silence,
    /// Closes the connection.
    Close,
    /// Accepts, then closes the connection without having announced it, as load balancers do.
    AcceptAndClose,
    /// Answers that it accepted, then sends bytes without end.
    Endless,
}

impl Reply {
    pub(crate) fn status(status: u16) -> Self {
        Self::Answer {
            status,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    pub(crate) fn with_body(status: u16, body: impl Into<String>) -> Self {
        Self::Answer {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    pub(crate) fn accepted() -> Self {
        Self::status(202)
    }
}

pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    requests: Mutex<Vec<Request>>,
    arrived: Condvar,
}

impl Server {
    /// Answers the n-th request, from 0, with `script`.
    pub(crate) fn start(script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let seen = Arc::new(Seen::default());
        let (script, to_fill) = (Arc::new(script), seen.clone());
        // Ends with the process: nothing in a test can make it end sooner but a connection.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (script, seen) = (script.clone(), to_fill.clone());
                std::thread::spawn(move || serve(stream, &*script, &seen));
            }
        });
        Self { address, seen }
    }

    pub(crate) fn accepting() -> Self {
        Self::start(|_, _| Reply::accepted())
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.seen
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Waits until so many requests have arrived.
    pub(crate) fn wait_for(&self, count: usize) -> Vec<Request> {
        let requests = self
            .seen
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (requests, late) = self
            .seen
            .arrived
            .wait_timeout_while(requests, crate::dynatrace::tests::LONG, |requests| {
                requests.len() < count
            })
            .unwrap_or_else(PoisonError::into_inner);
        assert!(
            !late.timed_out(),
            "{} requests instead of {count}",
            requests.len()
        );
        requests.clone()
    }
}

fn serve(stream: TcpStream, script: &dyn Fn(usize, &Request) -> Reply, seen: &Seen) {
    let mut reader = BufReader::new(stream.try_clone().expect("a socket can be cloned"));
    let mut writer = stream;
    while let Some(request) = read(&mut reader) {
        let number = {
            let mut requests = seen.requests.lock().unwrap_or_else(PoisonError::into_inner);
            requests.push(request.clone());
            requests.len() - 1
        };
        seen.arrived.notify_all();
        match script(number, &request) {
            Reply::Close => return,
            Reply::AcceptAndClose => {
                let accepted = "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";
                let _ = writer.write_all(accepted.as_bytes());
                return;
            }
            Reply::Silence => std::thread::sleep(Duration::from_secs(3_600)),
            Reply::Endless => {
                let head = "HTTP/1.1 202 Accepted\r\ntransfer-encoding: chunked\r\n\r\n";
                let mut alive = writer.write_all(head.as_bytes()).is_ok();
                while alive {
                    alive = writer.write_all(b"4\r\nmore\r\n").is_ok();
                }
                return;
            }
            Reply::Answer {
                status,
                headers,
                body,
            } => {
                let mut head = format!(
                    "HTTP/1.1 {status} Said\r\ncontent-length: {}\r\n",
                    body.len()
                );
                for (name, value) in headers {
                    head.extend([name, ": ", &value, "\r\n"]);
                }
                head.push_str("\r\n");
                if writer.write_all((head + &body).as_bytes()).is_err() {
                    return;
                }
            }
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<Request> {
    let first_line = line(reader)?;
    let mut headers = BTreeMap::new();
    loop {
        let line = line(reader)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers
        .get("content-length")
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request {
        first_line,
        headers,
        body: String::from_utf8(body.clone()).unwrap_or_default(),
        #[cfg(feature = "otlp")]
        bytes: body,
    })
}

fn line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    (reader.read_line(&mut line).ok()? > 0).then(|| line.trim_end().to_owned())
}
