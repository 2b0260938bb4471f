//! The record of everything the endpoint received: lines, refused lines, requests, and an aggregate
//! of each series.
//!
//! The store does not depend on HTTP. [`Limits`] bound its memory: each list drops its oldest
//! entries first, while [`Totals`] stay exact.
//!
//! ```
//! use dt_metrics_local::Server;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Server::builder().start()?;
//! let requests = server.inspect(|state| state.totals().requests);
//! assert_eq!(requests, 0);
//! # Ok(())
//! # }
//! ```
// This folder imports `protocol` and `catalog` only.

#[cfg(feature = "otlp")]
mod buckets;
mod catalogs;
#[cfg(feature = "otlp")]
pub(crate) mod data_point;
mod entry;
mod history;
mod limits;
mod recent;
mod series;
mod shared;
mod state;
mod tracked;

#[cfg(test)]
mod tests;

pub use entry::{Authorization, Event, Noted, Protocol, Rejected, Request};
pub use limits::Limits;
pub use series::Series;
pub use state::{State, Totals};

#[cfg(feature = "otlp")]
pub(crate) use buckets::Buckets;
pub(crate) use history::{Point, Resolution};
pub(crate) use recent::{Content, MAX_BYTES as MAX_BODIES};
pub(crate) use shared::{Batch, Contents, Held, Store};
pub(crate) use tracked::Tracked;
