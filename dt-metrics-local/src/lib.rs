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
//! # Faults on demand
//!
//! How a program takes a failing endpoint, its tests can see. A [`Fault`] is an answer of your
//! choice, or what HTTP has no words for: resets, silence, slowness, answers without end.
//!
//! ```
//! use std::time::Duration;
//! use dt_metrics_local::{Answer, Fault, Server};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Server::builder().token("old").start()?;
//!
//! // One after the other, then as usual.
//! server.fail_next(2, 503)?;
//! server.fail_next(1, Answer::new(429).retry_after(Duration::from_secs(2)))?;
//! server.fail_next(1, Fault::ResetAfterReading)?;
//!
//! // Of ten requests about one is met by silence and one by a proxy, from a seed that repeats it.
//! let faults = [
//!     (8, Fault::None),
//!     (1, Fault::SilentAfterReading),
//!     (1, Answer::html(502).into()),
//! ];
//! server.fail_at_random(7, &faults)?;
//! server.recover();
//!
//! // Nobody listens, and then somebody does on the same port; the token has changed.
//! server.stop_listening()?;
//! server.replace_token("new");
//! server.listen_again()?;
//! # Ok(())
//! # }
//! ```
//!
//! What arrived is in [`Server::counts`], each line once for each time it was accepted. Lines whose
//! client could not know that they were are in [`Totals::lines_unanswered`](store::Totals): at most
//! as many may have come twice.
//!
//! # On a laptop
//!
//! The program `dt-metrics-local [--listen 127.0.0.1:14499] [--token TOKEN]` shows a live table of
//! metrics, and the refused lines with the reason. Its default port is the one of a `OneAgent`, so
//! that a program with no configuration finds it.
//!
//! [`Server::page_url`], which the program prints, is a page for a browser: charts of each series,
//! rates, units and descriptions, refused lines, requests. It is served to whoever reaches the
//! port; listen on `127.0.0.1` if that shall be nobody else.
//!
//! It fails on demand, too: `--fault none:8 --fault 503:1 --fault reset-after-reading:1 --seed 7`.
//! [`Fault`] lists what can be given; `--help` says how to end it all, how to have an outage and
//! how to change the token meanwhile.
//!
//! # By OTLP
//!
//! The feature `otlp`, on by default, takes the same metrics by the OpenTelemetry protocol, as
//! protobuf over HTTP: at `Server::otlp_url` as Dynatrace does, with its token; and, without one,
//! where a Collector would be: `OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:14499`. Both are
//! judged by what Dynatrace takes, which a Collector does not know of; the module `otlp` says what
//! that is.
//!
//! A body may be compressed by gzip (`OTEL_EXPORTER_OTLP_COMPRESSION=gzip`); its limit is one of
//! what it decompresses to, [`Request::bytes`] is its size as it came. Lines are not taken
//! compressed: Dynatrace does not say that it takes such.
//!
//! What comes is among [`Server::lines`] as the lines that say the same, so that a test need not
//! know which way it came; `Server::otlp_points` has it as it came.
//!
//! # Routes
//!
//! | route | token | limit | accepted lines are called |
//! | --- | --- | --- | --- |
//! | `POST /api/v2/metrics/ingest` | if one is configured | 1 MB | `linesOk` |
//! | `POST /e/{environment}/api/v2/metrics/ingest` | if one is configured | 1 MB | `linesOk` |
//! | `POST /metrics/ingest` | none | 1,000 lines | `linesValid` |
//! | `POST /api/v2/otlp/v1/metrics` | if one is configured | 4 MB, 15,000 data points | |
//! | `POST /e/{environment}/api/v2/otlp/v1/metrics` | if one is configured | the same | |
//! | `POST /v1/metrics` | none | the same | |
//!
//! | route | for the page, or a program that looks |
//! | --- | --- |
//! | `GET /` | the page |
//! | `GET /api/snapshot` | everything that the page shows, as JSON |
//! | `GET /api/history?series=0,1&step=1` | the past of series, in steps of 1, 30 or 720 seconds |
//! | `GET /events` | server-sent events: everything, then once a second what is new |
//!
//! | status | by lines | by OTLP |
//! | --- | --- | --- |
//! | 200 | | data points were accepted; how many were refused is in the answer |
//! | 202 | every line was accepted | |
//! | 400 | a line was refused, *and the others were accepted*; or the body is empty or not UTF-8 | every data point was refused; or the body cannot be decompressed or decoded |
//! | 401, 403 | no such token; a token without the scope `metrics.ingest` | the same |
//! | 404, 405 | another path; another method | the same |
//! | 413 | the request is over its limit | the same |
//! | 415 | the content type is not `text/plain` in UTF-8, or the body is encoded | it is not `application/x-protobuf`, or the body is encoded other than by gzip |
//!
//! A OneAgent takes traces by OTLP, and no metrics: on its port they are for the Collector's path.

#[cfg(feature = "otlp")]
pub mod otlp;
pub mod protocol;
pub mod server;
pub mod store;

pub use protocol::{Line, Metadata};
pub use server::{Answer, DEFAULT_PORT, Fault, FaultError, Server, ServerBuilder, StartError};
pub use store::{Event, Protocol, Rejected, Request};
