//! Delivery to Dynatrace: an OpenTelemetry metrics exporter that writes the metric line protocol.
//!
//! [`Exporter`] takes what an OpenTelemetry `SdkMeterProvider` collects, writes it as lines, and
//! sends them to the metrics ingest API of a Dynatrace environment, of an ActiveGate, or of the
//! OneAgent on the same host. It sends from a thread of its own, so it works with and without an
//! async runtime, and what cannot be sent now waits in a bounded buffer.
//!
//! The pipeline of this crate makes one by itself. Programs with their own provider use it alone:
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
//! provider.shutdown_with_timeout(Duration::from_secs(5))?;
//! # Ok(())
//! # }
//! ```
//!
//! # Where it sends
//!
//! Each of endpoint and token is looked for on its own, in this order:
//!
//! 1. what the program sets ([`ExporterBuilder::endpoint`], [`ExporterBuilder::api_token`]);
//! 2. the environment variables `DT_METRICS_INGEST_URL` and `DT_METRICS_INGEST_API_TOKEN`;
//! 3. the same two keys in `/var/lib/dynatrace/enrichment/endpoint/endpoint.properties`, which
//!    Dynatrace's Kubernetes operator provides. What is taken from there is taken anew within
//!    seconds of a change, and at once when the endpoint refuses a token, so that tokens can
//!    rotate;
//! 4. the OneAgent on this host, `http://localhost:14499/metrics/ingest`, which takes no token.
//!
//! A value of white space is none. What was chosen is logged once (`info`), without secrets.
//!
//! Proxies are taken from the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`);
//! an endpoint on this host is reached without one.
//!
//! # What is kept secret
//!
//! The token is wiped from memory where it is stored, marked as sensitive where it is sent, and
//! taken out of whatever a server or a proxy says before that is logged or shown. It goes to the
//! endpoint alone: never to a OneAgent, never after a redirect, and never unencrypted to another
//! host unless [`ExporterBuilder::allow_cleartext_token`] allows it.
//!
//! TLS is rustls with versions 1.2 and 1.3 and the certificates that the platform trusts;
//! [`ExporterBuilder::add_root_certificate_pem`] adds to them.
//!
//! # What a line is made of
//!
//! | measured | sent |
//! | --- | --- |
//! | counter | `count,delta=…`, if it moved |
//! | up-down counter, gauge | `gauge,…` |
//! | histogram | `gauge,min=…,max=…,sum=…,count=…`; bounds that were not recorded are estimated from the buckets |
//!
//! Of dimensions with one key the first in this list is sent: Dynatrace's metadata of the host
//! ([`ExporterBuilder::export_dynatrace_metadata`]), the attributes of the measurement, those of
//! the instrumentation scope, default dimensions, attributes of the resource,
//! `dt.metrics.source=opentelemetry`. Attributes that are arrays are left out.
//!
//! The unit and the description of a metric are sent before its first data point, in the same
//! request, and again only when they change. Common names of units become UCUM (`milliseconds`:
//! `ms`). Where two metrics of one key disagree, nothing is sent for either.
//!
//! Counts and histograms that add up from the start (cumulative temporality) cannot be sent; the
//! exporter asks its reader for deltas. What is dropped or altered is counted in [`Health`], and
//! the first of each kind is named in a warning: so is the first after an hour without any.
//!
//! # What becomes of a failed request
//!
//! | answer | what is done |
//! | --- | --- |
//! | no connection, no answer in time, 408, 429, 5xx | sent again, with growing pauses; `Retry-After` is kept |
//! | 400 with counts of lines | the valid lines were accepted; nothing is sent again |
//! | 401, 403 | kept and tried again, slowly |
//! | 404, 405, 410, a redirect, a web page | kept and tried again, slowly; redirects are never followed |
//! | 413 | split in two, both halves sent; a single line is dropped and counted |
//! | any other | dropped and counted |
//!
//! Lines are sent in the order in which they were collected, one request at a time. Of a request
//! that still fails after a minute the halves are sent instead, and so on, until the lines that
//! fail are found, if others pass; those are set aside, as is a request that still fails after five
//! minutes while another passes. What is set aside is tried again apart, and nothing waits for it.
//! Each line carries the time of its collection, so that Dynatrace has it in its place whenever it
//! comes.
//!
//! What Dynatrace would refuse for its age, an hour, is dropped and counted instead of sent. Age is
//! measured by a clock that does not jump; where the system's clock jumped, lines carry its time
//! all the same, and the endpoint decides.
//!
//! By OTLP it is the same, but for 400: nothing of the request was accepted, and it is dropped and
//! counted. Data points that are refused in an answer of 2xx are counted as `points_rejected`.
//!
//! A request that was sent but never answered may have been accepted; it is sent again, so its
//! lines may be counted twice, unless [`ExporterBuilder::delivery_guarantee`] says otherwise.
//! [`Health::requests_unanswered`] says how often that can have been.
//!
//! # What survives the process
//!
//! Nothing, unless a directory is given with [`ExporterBuilder::spool_dir`]. Then lines are in
//! files before their collection ends, and leave the disk when they are answered; what is found
//! there is sent first.
//!
//! | end of the process | lines that were collected and not answered |
//! | --- | --- |
//! | shutdown, return from `main`, `process::exit`, a panic, `abort`, `kill -9`, out of memory | are sent by the next process, in order and once, as long as Dynatrace takes them |
//! | a kill in the moment between an answer and the removal of its file | that one request is sent twice; with [`DeliveryGuarantee::AtMostOnce`] it is dropped and counted |
//! | loss of power | the same, but those of the last half minute may be missing; torn files are found and counted |
//! | the host never comes back | are lost |
//!
//! [`Health::points_spooled`] says how many that would be now.

mod buffer;
mod check;
mod config;
mod delivery;
mod encode;
mod error;
mod event;
mod exporter;
mod health;
mod health_metrics;
mod request;
mod retry;
mod spool;
#[cfg(test)]
mod tests;
mod thread;
mod throttle;
mod transport;

pub(crate) use self::buffer::flush::Mark;
pub(crate) use self::check::run::check;
pub use self::check::{CheckReport, Problem, Step, Verdict};
pub use self::config::builder::ExporterBuilder;
pub(crate) use self::config::builder::shared_options;
pub(crate) use self::config::environment::process_environment;
pub use self::config::options::DeliveryGuarantee;
pub(crate) use self::config::options::Options;
pub(crate) use self::config::protocol::Format;
pub(crate) use self::encode::warnings::SCOPE;
pub use self::error::{ConfigError, EndpointError, ExportError, SpoolError};
pub use self::event::DeliveryEvent;
pub use self::exporter::Exporter;
pub(crate) use self::exporter::Losses;
pub use self::health::{DropReason, Health};
