//! Metrics for Rust services on Dynatrace: annotate a function, and its calls are counted,
//! collected and delivered.
//!
#![cfg_attr(feature = "dynatrace", doc = "```no_run")]
#![cfg_attr(not(feature = "dynatrace"), doc = "```ignore")]
//! use dt_metrics::{count, counted};
//!
//! #[counted(name = "orders", unit = "{order}", dims(region = "eu", tier = tier))]
//! fn place_order(tier: &str) {
//!     count!("order.lines", 3, dims(kind = "book"));
//! }
//!
//! fn main() -> Result<(), dt_metrics::Error> {
//!     let _metrics = dt_metrics::builder() // endpoint and token are found on the host
//!         .on_delivery_event(|event| eprintln!("metrics: {event}"))
//!         .install()?;
//!     place_order("gold");
//!     Ok(())
//! } // pending metrics are delivered here; a failure is reported as an event
//! ```
//!
//! # Annotations and macros
//!
//! | to record | use | default name |
//! | --- | --- | --- |
//! | calls by outcome, call duration, and calls in flight | [`#[measured]`](macro@measured) on a function or an `impl` block | the names of the next three rows |
//! | calls, or amounts | [`#[counted]`](macro@counted) | `crate.module.function.calls` |
//! | the duration of calls | [`#[timed]`](macro@timed) | `crate.module.function.duration` |
//! | calls in flight | [`#[in_flight]`](macro@in_flight) | `crate.module.function.in_flight` |
//! | a value of each call | [`#[recorded]`](macro@recorded) | none |
//! | the return value of a function that is polled once per push | [`#[observed]`](macro@observed) | `crate.module.function` |
//! | a value in the middle of a function | [`count!`], [`record!`], [`gauge!`], [`up_down_counter!`] | none |
//! | a block of a function | [`timer!`], [`in_flight_guard!`] | none |
//! | values of an object, polled once per push | [`observe`] with a callback | none |
//! | metrics whose name is known only at run time | [`instrument::Counter`] and the other types of [`instrument`] | none |
//! | an enum as a dimension | [`#[derive(DimensionValue)]`](derive@DimensionValue) | |
//! | several dimensions of a struct | [`#[derive(Dimensions)]`](derive@Dimensions) | |
//!
//! The page of each macro lists its arguments with examples, and describes its expansion and its cost.
//! The value of a dimension is a text, `char`, `bool`, integer, float, `IpAddr`, an enum, an `Option` of
//! one of these types, or any type that implements [`DimensionValue`](trait@DimensionValue).
//!
//! # Tests
//!
//! [`testing::capture`] runs a closure and returns its measurements, without measurements of other
//! threads. A capture works without an installed pipeline. [`testing::capture_all`] returns the measurements
//! of the whole process.
//!
//! ```
//! use dt_metrics::measured;
//!
//! #[measured(name = "greet")]
//! fn greet(name: &str) -> Result<String, String> {
//!     if name.is_empty() { Err("who?".to_owned()) } else { Ok(format!("Hello, {name}")) }
//! }
//!
//! let seen = dt_metrics::testing::capture(|| (greet("Ada"), greet("")));
//! assert_eq!(seen.counter("greet.calls").with("outcome", "err").value(), 1);
//! assert_eq!(seen.histogram("greet.duration").count(), 2);
//! ```
#![cfg_attr(feature = "dynatrace", doc = include_str!("../docs/pipeline.md"))]
//!
//! # Catalogue
//!
//! [`catalog`] lists every instrument in the program, also instruments that the program has not used yet.
//! [`catalog_markdown`] and [`catalog_json`] format the list. The module [`mod@line`] has the grammar of
//! names, keys, units and metric lines.
//!
//! # How a call is counted
//!
//! A call to an annotated function adds to a cell that the calling thread owns. If the dimensions are known
//! when you compile, the call needs no lock, no allocation and no locked instruction. At each push interval,
//! dt-metrics reads the cells of all threads, and adds the increase since the last push to ordinary
//! OpenTelemetry counters, inside their collection. Readers, views and exporters of the OpenTelemetry
//! SDK therefore work as its documentation describes. Cells exist from program start: measurements from
//! before `install`, or of threads that have ended, are also delivered.
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `dynatrace` (default) | the pipeline and the exporter, described under "Set up in `main`" |
//! | `otlp` | the same metrics over OTLP, to Dynatrace or to a Collector: `builder().otlp()` |
//! | `rustls-aws-lc` (default) | TLS: rustls, with the cryptography of aws-lc-rs |
//! | `rustls-ring` | TLS: rustls, with the cryptography of ring; used before `rustls-aws-lc` if both are on |
//! | `native-tls` | TLS of the platform: OpenSSL, Schannel or Secure Transport; used before the two others if it is on |
//!
//! An https endpoint needs one of the three features for TLS. If your program uses rustls with ring,
//! choose `rustls-ring` and `default-features = false`: rustls panics ("Could not automatically
//! determine the process-level `CryptoProvider`") if two providers are compiled in and the program does not
//! select one. The exporter itself selects its provider, and neither uses nor sets the default
//! provider of the process.
//!
//! Without any of these features, this crate consists of the annotations, the instruments, the
//! catalogue and [`testing`]: no OpenTelemetry, no async runtime, no HTTP. In a library, use
//! `default-features = false`; the program turns on the features that it needs.
//!
//! # More
//!
//! The module [`guide`] has tasks (axum, Kubernetes, tests, cost …), reference (configuration, health,
//! troubleshooting) and explanations. The program `dt-metrics-local` is a local endpoint for development: it
//! listens on the port of a OneAgent, and shows the received metrics.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod descriptor;
#[cfg(feature = "dynatrace")]
mod duration;
#[cfg(feature = "dynatrace")]
pub mod dynatrace;
#[cfg(all(doc, not(doctest)))]
pub mod guide;
pub mod instrument;
pub mod line;
#[cfg(feature = "dynatrace")]
mod pipeline;
#[doc(hidden)]
pub mod private;
#[cfg_attr(
    not(feature = "dynatrace"),
    allow(dead_code, reason = "used by the pipeline")
)]
mod process;
#[cfg(feature = "dynatrace")]
mod properties;
mod registry;
mod run_time;
mod similarity;
pub mod testing;
#[cfg(feature = "dynatrace")]
mod thread;
#[cfg(feature = "dynatrace")]
mod throttle;

pub use crate::descriptor::{Descriptor, Kind, Objective};
#[cfg(feature = "dynatrace")]
#[doc(inline)]
pub use crate::dynatrace::{CheckReport, DropReason, Health};
pub use crate::instrument::expanded::{DimensionValue, Dimensions, ShortText, Value};
#[cfg(feature = "dynatrace")]
pub use crate::pipeline::{Builder, Error, Handle, attach, builder, check, init};
pub use crate::registry::{Conflict, catalog, catalog_json, catalog_markdown};
pub use crate::run_time::observe;
pub use dt_metrics_macros::{
    DimensionValue, Dimensions, count, counted, gauge, in_flight, in_flight_guard, measured,
    observed, record, recorded, timed, timer, up_down_counter,
};
