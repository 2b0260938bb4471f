//! Delivery to Dynatrace: an OpenTelemetry metrics exporter.
//!
//! [`Exporter`] encodes the metrics of an OpenTelemetry `SdkMeterProvider` as metric lines or as
//! OTLP, and sends the metrics to the metrics ingest API of a Dynatrace environment, of an ActiveGate, or of
//! the OneAgent on the same host. The exporter sends from its own thread, so it works with and without
//! an async runtime. Requests that cannot be sent yet are kept in a bounded buffer.
//!
//! The pipeline of this crate creates an exporter automatically. In a program with its own provider, use
//! the exporter alone:
//!
//! ```
//! use std::time::Duration;
//!
//! use dt_metrics::dynatrace::Exporter;
//! use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let exporter = Exporter::builder().prefix("shop").build()?;
//! let provider = SdkMeterProvider::builder()
//!     .with_reader(PeriodicReader::builder(exporter.clone()).build())
//!     .build();
//!
//! println!("{:?}", exporter.health());
//! if let Err(error) = provider.shutdown_with_timeout(Duration::from_secs(5)) {
//!     eprintln!("metrics: {error}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Endpoint and token
//!
//! The endpoint and the token are looked up independently, in this order:
//!
//! 1. the program ([`ExporterBuilder::endpoint`], [`ExporterBuilder::api_token`]);
//! 2. the environment variables `DT_METRICS_ENDPOINT` and `DT_METRICS_API_TOKEN`, then
//!    `DT_METRICS_INGEST_URL` and `DT_METRICS_INGEST_API_TOKEN`. A variable that is not usable is ignored
//!    with a warning;
//! 3. the keys `DT_METRICS_INGEST_URL` and `DT_METRICS_INGEST_API_TOKEN` in the file
//!    `/var/lib/dynatrace/enrichment/endpoint/endpoint.properties`, which the Dynatrace Operator for
//!    Kubernetes provides. The exporter reads the file again within seconds
//!    of a change, and at once when the endpoint rejects a token, so tokens can rotate;
//! 4. the OneAgent on this host, `http://localhost:14499/metrics/ingest`, which does not need a token.
//!
//! All other options of the builder can come from the environment, as `DT_METRICS_` and their name, such
//! as `DT_METRICS_PREFIX`. A value that consists of white space is ignored. The chosen endpoint is logged
//! once (level `info`), without secrets.
//!
//! | token | header | endpoint |
//! | --- | --- | --- |
//! | access token, `dt0c01.…` | `Api-Token` | `https://{environment}.live.dynatrace.com/api/v2/metrics/ingest`, or an `ActiveGate` |
//! | platform token, `dt0s16.…` | `Bearer` | `https://{environment}.apps.dynatrace.com/platform/classic/environment-api/v2/metrics/ingest` |
//!
//! Proxies are taken from the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`). No
//! proxy is used for an endpoint on this host. A variable that is not usable is ignored with a warning.
//!
//! `OTEL_SDK_DISABLED=true` turns everything off: an exporter then ignores all metrics.
//!
//! # Secrets
//!
//! The token is wiped from memory after use, marked as sensitive in requests, and removed from
//! every text of a server or a proxy before that text is logged. The token is sent only to the endpoint:
//! never to a OneAgent, never after a redirect, and never unencrypted to another host unless
//! [`ExporterBuilder::allow_cleartext_token`] allows it, or the operator's file names the token
//! together with such an endpoint, which is logged as a warning.
//!
//! The exporter supports TLS 1.2 and 1.3, and trusts the certificates that the platform trusts;
//! [`ExporterBuilder::add_root_certificate_pem`] adds certificates. The features of the crate select
//! rustls or the platform's TLS.
//!
//! # Lines
//!
//! | instrument | line |
//! | --- | --- |
//! | counter | `count,delta=…`, if the counter has changed since the last push |
//! | up-down counter, gauge | `gauge,…` |
//! | histogram | `gauge,min=…,max=…,sum=…,count=…`; a minimum or maximum that was not recorded is estimated from the buckets |
//!
//! If several sources have a dimension with the same key, the first source in this list takes precedence:
//! Dynatrace's metadata of the host ([`ExporterBuilder::export_dynatrace_metadata`]), the
//! attributes of the measurement, the attributes of the instrumentation scope, default dimensions,
//! attributes of the resource, `dt.metrics.source=opentelemetry`. Attributes that are arrays are
//! left out.
//!
//! The unit and the description of a metric are sent before its first data point, in the same
//! request, again when they change, and once an hour. Common names of units become UCUM: for
//! example, `milliseconds` is sent as `ms`. If two metrics with the same key have different
//! units or descriptions, neither unit nor description is sent.
//!
//! Counters and histograms with cumulative temporality cannot be sent as lines; the exporter
//! therefore requires deltas from its reader. [`Health`] counts dropped and altered data points.
//! The first dropped or altered data point of each kind is logged as a warning; after an hour
//! without a dropped or altered data point of a kind, the next one is logged again.
//!
//! # Failed requests
//!
//! | answer | consequence |
//! | --- | --- |
//! | no connection, no answer in time, 408, 425, 429, 5xx | sent again, with growing pauses; `Retry-After` is respected |
//! | 400 with counts of lines | the valid lines were accepted; nothing is sent again |
//! | 2xx or 400 with warnings, for example about a metric key that was changed to `x.gauge` | accepted; counted as `server_warnings`, logged and reported as an event |
//! | 401, 403 | kept and retried slowly |
//! | 404, 405, 410, a redirect, or anything that is not an answer of the ingest API, such as a web page | kept and retried slowly; redirects are never followed |
//! | 413 | split in two, and both halves are sent; a single line is dropped and counted, if the endpoint accepts other lines |
//! | any other answer of the ingest API with the error code 400 | the whole request is dropped and counted |
//!
//! Requests are sent in the order of their collection, one at a time. If a request keeps failing in
//! a way that may be its own fault (no answer, 403, 404 and the like, 429, 5xx), the exporter looks
//! for evidence: it tries the halves of the request, or another request. If the endpoint accepts one of these
//! requests, the endpoint works, and the exporter halves the failing request until the failing
//! lines are found. The series of these lines are added to the dead-letter list: their lines are sent in
//! separate requests and retried slowly, in this push and in later pushes, and do not delay other requests.
//! If no request is accepted, the endpoint is at fault, and the exporter pauses.
//!
//! Each line carries the time of its collection, so Dynatrace shows it at the right time, also if the line
//! arrives late.
//!
//! Data points that are older than an hour, which Dynatrace would reject, are dropped and counted. The age is
//! measured by a monotonic clock. If the system's clock jumps, lines still carry the time of the system's
//! clock, and the endpoint accepts or rejects the lines.
//!
//! Over OTLP, delivery is the same except for a 400 of the receiver itself, which is JSON with an error
//! code or protobuf: nothing in the request was accepted, and the request is dropped and counted. Data points
//! that a 2xx answer rejects are counted as `points_rejected`.
//!
//! Connections stay open for 30 seconds without a request. A request on a connection that the server
//! closed before anything was written is sent again on a new connection. With `AtMostOnce`, each request has
//! its own connection.
//!
//! If the server's certificate is not trusted, the certificates of the platform and the file in
//! `OTEL_EXPORTER_OTLP_CERTIFICATE` are read again, at most every 5 seconds, so that an authority can
//! be replaced while the program runs.
//!
//! A request that was sent but never answered may have been accepted. It is sent again, so its data
//! points may be counted twice, unless [`ExporterBuilder::delivery_guarantee`] is `AtMostOnce`.
//! [`Health::requests_unanswered`] counts such requests.
//!
//! # The end of the process
//!
//! Pending data points do not survive the process, unless [`ExporterBuilder::spool_dir`] names a
//! directory. With a directory, data points are written to files before their collection ends, and the files
//! are removed when the requests are answered. The next process first sends the data points in these files.
//!
//! | end of the process | data points that were collected and not answered |
//! | --- | --- |
//! | shutdown, return from `main`, `process::exit`, a panic, `abort`, `kill -9`, out of memory | are sent by the next process, in order and once, as long as Dynatrace accepts them |
//! | a kill between an answer and the removal of its file | that one request is sent twice; with [`DeliveryGuarantee::AtMostOnce`] it is dropped and counted |
//! | loss of power | are sent by the next process, except for the last half minute, which may be missing; damaged files are counted and kept as `*.damaged` |
//! | a start with another endpoint | stay in the spool; a process with the earlier endpoint sends them |
//! | the host never comes back | are lost |
//!
//! [`Health::points_spooled`] is the number of data points that would survive now.

mod buffer;
mod check;
pub(crate) mod config;
mod delivery;
mod encode;
mod error;
pub(crate) mod event;
mod exporter;
mod health;
mod health_metrics;
mod redact;
mod request;
mod retry;
mod spool;
#[cfg(test)]
mod tests;
pub(crate) mod text;
mod transport;

pub(crate) use self::buffer::flush::FlushStart;
pub(crate) use self::check::check;
pub use self::check::report::{CheckReport, Problem, Step, Verdict};
pub use self::config::builder::ExporterBuilder;
pub(crate) use self::config::builder::shared_options;
pub(crate) use self::config::environment::{process_environment, process_names, sdk_disabled};
pub use self::config::options::DeliveryGuarantee;
pub(crate) use self::config::options::Options;
pub(crate) use self::config::protocol::Format;
pub use self::config::source::Source;
pub use self::config::table::Setting;
pub(crate) use self::config::table::{Scope, read, unknown_variables};
pub(crate) use self::config::token::looks_like_a_token;
pub(crate) use self::config::token_variables;
pub(crate) use self::config::unquoted::unquoted;
pub(crate) use self::encode::attribute::attribute;
pub(crate) use self::encode::buckets::bucket_boundaries;
pub(crate) use self::encode::warnings::{SCOPE, STREAM_SCHEMA};
pub use self::error::{ConfigError, EndpointError, ExportError, SpoolError};
pub use self::event::DeliveryEvent;
pub use self::exporter::Exporter;
pub(crate) use self::exporter::Losses;
pub(crate) use self::health::SATURATED;
pub use self::health::{DropReason, Health};
pub(crate) use self::redact::Redactor;
pub(crate) use self::text::printable;
