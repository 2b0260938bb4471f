//! A strict reader of the Dynatrace metric line protocol.
//!
//! ```text
//! <metric key>[,<dimension key>=<dimension value>]* <payload>[ <timestamp ms>]
//! payload := gauge,<number> | gauge,min=<n>,max=<n>,sum=<n>,count=<integer> | count,delta=<number>
//! #<metric key> <gauge|count> dt.meta.unit=<v>,dt.meta.description=<v>,dt.meta.displayName=<v>
//! ```
//!
//! `gauge,` may be left out before a single value. A dimension with an empty value is ignored, and
//! the first value of a repeated dimension key counts; [`Line::notes`] reports both. The README of
//! the crate lists the accepted, refused and undocumented syntax.
//!
//! Where the documentation is ambiguous, the reader takes the narrower meaning. A line that passes
//! is written exactly as documented, so it does not depend on the leniency of one server version.
//! Source of grammar and limits: Dynatrace documentation, "Metric ingestion protocol".
//!
//! ```
//! use dt_metrics_local::protocol::{Payload, Reader, Record};
//!
//! let record = Reader::without_clock().read(r"shop.orders,region=eu\ west count,delta=3")?;
//! let Record::Line(line) = record else { unreachable!() };
//! assert_eq!(line.key, "shop.orders");
//! assert_eq!(line.dimension("region"), Some("eu west"));
//! assert_eq!(line.payload, Payload::Count { delta: 3.0 });
//! # Ok::<(), dt_metrics_local::protocol::LineError>(())
//! ```
// This folder imports nothing from the rest of the crate: the fuzz targets compile it by its path.

mod error;
mod key;
pub mod limits;
mod metadata;
mod note;
mod number;
mod payload;
mod reader;
mod record;
mod scanner;
mod temporality;
mod value;

#[cfg(test)]
mod tests;

pub use error::{ErrorKind, LineError, Part};
pub use note::Note;
pub use reader::Reader;
pub use record::{Kind, Line, Metadata, MetricType, Payload, Record};
pub use temporality::Temporality;

#[cfg(feature = "otlp")]
pub(crate) use {metadata::is_unit, payload::check_summary, scanner::length};
