//! A local endpoint in place of the Dynatrace metric ingest endpoint. The server answers as Dynatrace's
//! documentation describes, checks every line against the protocol, and shows accepted and refused
//! lines. It needs neither an account nor a network.
//!
//! # In a test
//!
//! [`Server`] listens on a free port of `127.0.0.1`, on its own thread. Point the program under test
//! at [`Server::url`], wait for its lines, and assert on them:
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
//! let arrived = server.wait_for(Duration::from_secs(5), |state| state.lines().len() > 0);
//! assert!(arrived);
//! assert_eq!(server.lines()[0].dimension("region"), Some("eu"));
//! assert_eq!(server.counter_total("orders", &[("region", "eu")]), 3.0);
//! assert!(server.rejected().is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! # Faults on demand
//!
//! Test how a program handles a failing endpoint. A [`Fault`] is a response of your choice, or a
//! failure below HTTP: a reset, silence, slowness, a response without end.
//!
//! ```
//! use std::time::Duration;
//! use dt_metrics_local::{Answer, Fault, Server};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Server::builder().token("old").start()?;
//!
//! // These apply one after the other; then requests are answered as usual.
//! server.fail_next(2, 503)?;
//! server.fail_next(1, Answer::new(429).retry_after(Duration::from_secs(2)))?;
//! server.fail_next(1, Fault::ResetAfterReading)?;
//!
//! // About one request in ten meets silence and one a proxy. The seed makes it repeatable.
//! let faults = [
//!     (8, Fault::None),
//!     (1, Fault::SilentAfterReading),
//!     (1, Answer::html(502).into()),
//! ];
//! server.fail_at_random(7, &faults)?;
//! server.recover();
//!
//! // An outage, after which the server listens on the same port with another token.
//! server.stop_listening()?;
//! server.replace_token("new");
//! server.listen_again()?;
//! # Ok(())
//! # }
//! ```
//!
//! [`Server::counts`] contains each line once for each time it was accepted. Lines whose client did
//! not receive the response are counted in [`Totals::lines_unanswered`](store::Totals): at most that
//! number of lines may have arrived twice.
//!
//! # On a laptop
//!
//! The program `dt-metrics-local [--listen 127.0.0.1:14499] [--token TOKEN]` prints the accepted
//! lines, and the refused lines with the reason. The default port is the port of a `OneAgent`, so a
//! program without a configuration sends its metrics to it.
//!
//! [`Server::page_url`], which the program prints, is a page for a browser: charts of each series,
//! rates, units and descriptions, refused lines, notes, requests. Everyone who can reach the port can
//! open it; listen on `127.0.0.1` to keep it on this host.
//!
//! The program also fails on demand:
//! `--fault none:8 --fault 503:1 --fault reset-after-reading:1 --seed 7`. [`Fault`] lists the faults;
//! `--help` lists the options for their end, for an outage, and for a new token.
//!
//! # Over OTLP
//!
//! The feature `otlp`, on by default, accepts metrics over the OpenTelemetry protocol, as protobuf
//! over HTTP: with a token at `Server::otlp_url`, as Dynatrace does; and without a token at the path
//! of a Collector: `OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:14499`. On both paths, the server applies the
//! rules of Dynatrace, which a Collector does not check; the module `otlp` lists these rules.
//!
//! A body may be compressed with gzip (`OTEL_EXPORTER_OTLP_COMPRESSION=gzip`). The limit applies to
//! the decompressed body; [`Request::bytes`] is its size before decompression. Compressed lines are
//! refused: Dynatrace does not document that it accepts them.
//!
//! [`Server::lines`] contains the data points as their equivalent lines, so that a test does not
//! depend on the protocol; `Server::otlp_points` contains them as received.
//!
//! # Routes
//!
//! | route | token | limit | accepted lines are called |
//! | --- | --- | --- | --- |
//! | `POST /api/v2/metrics/ingest` | if one is configured | 1 MB | `linesOk` |
//! | `POST /platform/classic/environment-api/v2/metrics/ingest` | if one is configured | 1 MB | `linesOk` |
//! | `POST /e/{environment}/api/v2/metrics/ingest` | if one is configured | 1 MB | `linesOk` |
//! | `POST /metrics/ingest` | none | 1,000 lines | `linesValid` |
//! | `POST /api/v2/otlp/v1/metrics` | if one is configured | 4 MB, 15,000 data points | |
//! | `POST /e/{environment}/api/v2/otlp/v1/metrics` | if one is configured | 4 MB, 15,000 data points | |
//! | `POST /v1/metrics` | none | 4 MB, 15,000 data points | |
//!
//! | route | response |
//! | --- | --- |
//! | `GET /` | the page |
//! | `GET /api/snapshot` | all data of the page, as JSON |
//! | `GET /api/history?series=0,1&step=1` | the history of series, in steps of 1, 30 or 720 seconds |
//! | `GET /api/history?metrics=a,b&by=region&step=1` | the history of metrics, summed over their series, for each value of a dimension |
//! | `GET /api/catalog`, `PUT /api/catalog` | the instruments that programs declare |
//! | `GET /api/dashboard?prefix=shop` | a Dynatrace dashboard of the declared and received metrics, optionally only of keys with a prefix |
//! | `GET /api/outage`, `PUT /api/outage?fault=503&seconds=30`, `DELETE /api/outage` | a fault of all ingest requests for a time |
//! | `GET /events` | server-sent events: all data, then the new data once a second |
//!
//! | status | metric lines | OTLP |
//! | --- | --- | --- |
//! | 200 | | data points were accepted; the response contains the number of refused ones |
//! | 202 | every line was accepted | |
//! | 400 | a line was refused, *and the other lines were accepted*; or the body is empty or not UTF-8 | every data point was refused; or the body cannot be decompressed or decoded |
//! | 401, 403 | the token is missing or unknown; the token lacks the scope `metrics.ingest` | the token is missing or unknown; the token lacks the scope `metrics.ingest` |
//! | 403 | a web page of another origin sent the request | a web page of another origin sent the request |
//! | 404, 405 | unknown path; wrong method | unknown path; wrong method |
//! | 408 | the body stopped for more than 10 seconds | the body stopped for more than 10 seconds |
//! | 413 | the request is over the limit of its route | the request is over the limit of its route |
//! | 415 | the content type is not `text/plain` in UTF-8, or the body has an encoding | the content type is not `application/x-protobuf`, or the body has another encoding than gzip |
//! | 421 | the request names a host that is not one of the server | the request names a host that is not one of the server |
//!
//!
//! A [note](Server::notes) is about a part of accepted data that is not stored as sent: an empty
//! dimension, a repeated dimension key, an attribute that cannot be a dimension, or a metric key that
//! [Metrics Classic](ServerBuilder::classic) changed. A note about an attribute is also in the partial
//! success of the response, and a note about a changed key is also in the `warnings` of the response.
//!
//! # Callers
//!
//! The server has no login. To prevent that a web page uses the server through a browser, the server refuses
//! requests whose `Host` is not one of its own names ([`ServerBuilder::allow_host`]), and requests whose
//! `Origin` or `Sec-Fetch-Site` is that of a page of another origin. Programs do not send these two headers.
//!
//! Each response has the header `Server: dt-metrics-local/<version>`, by which a client can
//! distinguish the endpoint from Dynatrace.
//!
//! A platform token (`dt0s16.…`) is sent as `Authorization: Bearer`, any other token as
//! `Authorization: Api-Token`, as Dynatrace requires.
//!
//! A OneAgent accepts traces over OTLP, but no metrics, so on its port OTLP metrics use the
//! Collector's path.

mod catalog;
#[cfg(feature = "dashboard")]
pub mod configuration;
#[cfg(feature = "otlp")]
pub mod otlp;
pub mod protocol;
pub mod server;
pub mod store;

pub use protocol::{Line, Metadata};
pub use server::{Answer, DEFAULT_PORT, Fault, FaultError, Server, ServerBuilder, StartError};
pub use store::{Event, Noted, Protocol, Rejected, Request};
