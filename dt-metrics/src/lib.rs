//! Metrics for Rust services on Dynatrace: annotate a function, and its calls are counted,
//! collected and delivered.
//!
#![cfg_attr(feature = "dynatrace", doc = "```")]
#![cfg_attr(not(feature = "dynatrace"), doc = "```ignore")]
//! use dt_metrics::{count, counted};
//!
//! #[counted(name = "orders", unit = "{order}", dims(region = "eu", tier = tier))]
//! fn place_order(tier: &str) {
//!     count!("order.lines", 3, dims(kind = "book"));
//! }
//!
//! fn main() -> Result<(), dt_metrics::Error> {
//!     let _metrics = dt_metrics::init()?; // endpoint and token are found on the host
//!     place_order("gold");
//!     Ok(())
//! } // what is left is delivered here
//! ```
//!
//! # The way of a count
//!
//! A call to an annotated function adds to a cell that its own thread owns: no lock, no
//! allocation, no locked instruction where the dimensions are known at compile time. At each push
//! interval the cells of all threads are read, and what was added since is handed to ordinary
//! OpenTelemetry counters, inside their collection. So readers, views and exporters of the
//! OpenTelemetry SDK work as its documentation says. Cells exist from program start: what is
//! counted before metrics are installed, or on threads that have ended, is delivered too.
//!
//! # Where to begin
//!
//! | for | see |
//! | --- | --- |
//! | calls, durations and how they end, at once | [`measured`] |
//! | one of these | [`counted`], [`timed`], [`in_flight`] |
//! | a value of each call | [`recorded`] |
//! | a value that a function knows | [`observed`] |
//! | in the middle of a function | [`count!`], [`record!`], [`gauge!`], [`up_down!`] |
//! | values of dimensions | [`DimensionValue`] |
//! | every instrument in the program | [`catalog`], [`catalog_markdown`], [`catalog_json`] |
//! | asserting in a test what was measured | [`testing`] |
#![cfg_attr(
    feature = "dynatrace",
    doc = "| one line in `main` | [`init`], [`builder`], [`Handle`] |"
)]
#![cfg_attr(
    feature = "dynatrace",
    doc = "| what was sent, refused, dropped | [`Handle::health`] |"
)]
#![cfg_attr(
    feature = "dynatrace",
    doc = "| whether this host's configuration works | [`check`] |"
)]
#![cfg_attr(
    feature = "dynatrace",
    doc = "| a provider of your own | [`attach`], and [`dynatrace::Exporter`] for it |"
)]
//! | the protocol itself | [`mod@line`] |
//!
//! # Features
//!
//! - `dynatrace` (default): the pipeline and the exporter.
//! - `otlp`: the same metrics by OTLP, to Dynatrace or to a Collector.
//!
//! Without it this crate is the annotations, the instruments and the catalogue: no OpenTelemetry,
//! no async runtime, no HTTP. That is what a library needs; the program turns the rest on.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod descriptor;
#[cfg(feature = "dynatrace")]
pub mod dynatrace;
#[cfg(feature = "dynatrace")]
mod home;
mod instrument;
pub mod line;
#[cfg(feature = "dynatrace")]
mod pipeline;
#[doc(hidden)]
pub mod private;
mod registry;
pub mod testing;

pub use crate::descriptor::{Descriptor, Kind};
#[cfg(feature = "dynatrace")]
pub use crate::dynatrace::{Health, Report};
pub use crate::instrument::{DimensionValue, Value};
#[cfg(feature = "dynatrace")]
pub use crate::pipeline::{Builder, Error, Handle, attach, builder, check, init};
#[cfg(feature = "dynatrace")]
pub use crate::registry::Conflict;
pub use crate::registry::{catalog, catalog_json, catalog_markdown};
pub use dt_metrics_macros::{
    DimensionValue, count, counted, gauge, in_flight, measured, observed, record, recorded, timed,
    up_down,
};
