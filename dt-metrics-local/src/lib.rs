//! A local stand-in for the Dynatrace metric ingest endpoint: it answers as Dynatrace does, judges
//! every line by the protocol, and shows what arrives. No account, no network.
//!
//! # In a test
//!
//! [`Server`] listens on a free port of `127.0.0.1`, on a thread of its own. Point the program at
//! [`Server::url`], wait for what must come, look at what came:
//!
//! ```
//! use std::time::Duration;
//! use dt_metrics_local::Server;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Server::builder().token("test-token").start()?;
//! # use std::io::{Read, Write};
//! # let body = "orders,region=eu count,delta=3";
//! # let mut stream = std::net::TcpStream::connect(server.address())?;
//! # write!(stream, "POST /api/v2/metrics/ingest HTTP/1.1\r\nHost: localhost\r\n\
//! #     Connection: close\r\nContent-Type: text/plain\r\nAuthorization: Api-Token test-token\r\n\
//! #     Content-Length: {}\r\n\r\n{body}", body.len())?;
//! # stream.read_to_string(&mut String::new())?;
//!
//! // … the program under test sends `orders,region=eu count,delta=3` to server.url() …
//!
//! let came = server.wait_for(Duration::from_secs(5), |state| state.lines().len() > 0);
//! assert!(came);
//! assert_eq!(server.lines()[0].dimension("region"), Some("eu"));
//! assert_eq!(server.counter_total("orders", &[("region", "eu")]), 3.0);
//! assert!(server.rejected().is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! What a server may also do, on demand: [`Server::answer_next`] answers with a status of your
//! choice, [`Server::hold_next`] does not answer at all.
//!
//! # On a laptop
//!
//! The program `dt-metrics-local [--listen 127.0.0.1:14499] [--token TOKEN]` shows a live table of
//! metrics, and the refused lines with the reason. Its default port is the one of a `OneAgent`, so
//! that a program with no configuration finds it.
//!
//! # Routes
//!
//! | route | token | limit | accepted lines are called |
//! | --- | --- | --- | --- |
//! | `POST /api/v2/metrics/ingest` | if one is configured | 1 MB | `linesOk` |
//! | `POST /e/{environment}/api/v2/metrics/ingest` | if one is configured | 1 MB | `linesOk` |
//! | `POST /metrics/ingest` | none | 1,000 lines | `linesValid` |
//!
//! | status | when |
//! | --- | --- |
//! | 202 | every line was accepted |
//! | 400 | a line was refused, *and the others were accepted*; or the body is empty or not UTF-8 |
//! | 401, 403 | no such token; a token without the scope `metrics.ingest` |
//! | 404, 405 | another path; another method |
//! | 413 | the request is over its limit |
//! | 415 | the content type is not `text/plain` in UTF-8, or the body is encoded |

pub mod protocol;
pub mod server;
pub mod store;

pub use protocol::{Line, Metadata};
pub use server::{Answer, DEFAULT_PORT, FaultError, Server, ServerBuilder, StartError};
pub use store::{Event, Rejected, Request};
