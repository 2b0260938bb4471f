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
pub use crate::instrument::{DimensionValue, Value};
pub use crate::registry::catalog;
pub use dt_metrics_macros::{count, counted};
