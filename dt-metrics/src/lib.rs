//! Metrics for Rust services on Dynatrace.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod descriptor;
#[cfg(feature = "dynatrace")]
pub mod dynatrace;
mod instrument;
pub mod line;
#[cfg(feature = "dynatrace")]
mod pipeline;
#[doc(hidden)]
pub mod private;
mod registry;

pub use crate::descriptor::{Descriptor, Kind};
#[cfg(feature = "dynatrace")]
pub use crate::dynatrace::Health;
pub use crate::instrument::{DimensionValue, Value};
#[cfg(feature = "dynatrace")]
pub use crate::pipeline::{Builder, Error, Handle, builder, init};
#[cfg(feature = "dynatrace")]
pub use crate::registry::Conflict;
pub use crate::registry::catalog;
pub use dt_metrics_macros::{count, counted};
