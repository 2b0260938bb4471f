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
//! } // the rest is delivered here; if it cannot be, the event says why
//! ```
//!
//! # On a function, and in it
//!
//! | to record | write | default name |
//! | --- | --- | --- |
//! | calls by outcome, their duration, those going on | [`#[measured]`](macro@measured), on a function or an `impl` block | the next three |
//! | calls, or amounts | [`#[counted]`](macro@counted) | `crate.module.function.calls` |
//! | how long a call takes, however it ends | [`#[timed]`](macro@timed) | `….duration` |
//! | how many calls are going on | [`#[in_flight]`](macro@in_flight) | `….in_flight` |
//! | a value of each call | [`#[recorded]`](macro@recorded) | none |
//! | what a function knows, asked at each push | [`#[observed]`](macro@observed) | `crate.module.function` |
//! | in the middle of a function | [`count!`], [`record!`], [`gauge!`], [`up_down_counter!`] | none |
//! | a block of a function | [`timer!`], [`in_flight_guard!`] | none |
//! | values of an object, polled once per push | [`observe`] with a callback | none |
//! | names that only run time knows | [`instrument::Counter`] and its kind | none |
//! | an enum as a dimension | [`#[derive(DimensionValue)]`](derive@DimensionValue) | |
//!
//! Each of these pages says what it takes, what it expands to, what it costs and what it refuses.
//! Values of dimensions are texts, `char`, `bool`, integers, floats, `IpAddr`, enums, `Option` of
//! those, and what implements [`DimensionValue`](trait@DimensionValue).
//!
//! # In a test
//!
//! [`testing::capture`] runs a piece of code and returns what it measured, and nothing that runs
//! beside it measured. It needs nothing installed. [`testing::capture_all`] sees the whole process.
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
//! # Overview
//!
//! [`catalog`] lists every instrument in the program, before anything was called;
//! [`catalog_markdown`] and [`catalog_json`] print it. The grammar of names, keys, units and lines
//! is in [`mod@line`].
//!
//! # The way of a count
//!
//! A call to an annotated function adds to a cell that its own thread owns: no lock, no allocation,
//! no locked instruction where the dimensions are known at compile time. At each push interval,
//! dt-metrics reads the cells of all threads, and adds the increase since the last push to ordinary
//! OpenTelemetry counters, inside their collection. So readers, views and exporters of the
//! OpenTelemetry SDK work as documented there. Cells exist from program start: measurements from
//! before `install`, or of threads that have ended, are also delivered.
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `dynatrace` (default) | the pipeline and the exporter, described under "In `main`" |
//! | `otlp` | the same metrics over OTLP, to Dynatrace or to a Collector: `builder().otlp()` |
//! | `rustls-aws-lc` (default) | TLS: rustls, with the cryptography of aws-lc-rs |
//! | `rustls-ring` | TLS: rustls, with the cryptography of ring; used before `rustls-aws-lc` if both are on |
//! | `native-tls` | TLS of the platform: OpenSSL, Schannel or Secure Transport; used before the two others if it is on |
//!
//! An https endpoint needs one of the three features for TLS. If your program uses rustls with ring,
//! choose `rustls-ring` and `default-features = false`: rustls panics ("Could not automatically
//! determine the process-level `CryptoProvider`") where a program names no provider and two are
//! compiled in. The exporter itself names its provider, and neither uses nor sets the default
//! provider of the process.
//!
//! Without any of these features, this crate consists of the annotations, the instruments, the
//! catalogue and [`testing`]: no OpenTelemetry, no async runtime, no HTTP. In a library, use
//! `default-features = false`; the program turns on the features that it needs.
//!
//! # More
//!
//! The module [`guide`] has tasks (axum, Kubernetes, tests, cost …), reference (configuration, health,
//! troubleshooting) and explanations. The program `dt-metrics-local` is an endpoint to try it with: it
//! listens where a OneAgent would, and shows what arrives.
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
