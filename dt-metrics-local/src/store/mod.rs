//! What the endpoint has seen: lines, refusals, requests, and an aggregate of each series.
//!
//! The store knows nothing of HTTP. Its memory is bounded by [`Limits`]: the oldest entries of each
//! list go first, [`Totals`] stay exact.
//!
//! ```
//! use dt_metrics_local::Server;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Server::builder().start()?;
//! let open = server.inspect(|state| state.totals().requests);
//! assert_eq!(open, 0);
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "otlp")]
pub(crate) mod data_point;
mod entry;
mod history;
mod limits;
mod ring;
mod series;
mod shared;
mod state;
mod tracked;

#[cfg(test)]
mod tests;

pub use entry::{Authorization, Event, Protocol, Rejected, Request};
pub use limits::Limits;
pub use series::Series;
pub use state::{State, Totals};

pub(crate) use history::{Point, Resolution};
pub(crate) use shared::{Batch, Brought, Held, Store};
