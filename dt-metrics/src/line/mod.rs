//! The Dynatrace metric line protocol: keys, dimensions, values, lines and metadata.
//!
//! The functions of this module only process text: they do no I/O, do not log, and do not need
//! OpenTelemetry. The rules are from the Dynatrace documentation (*Metric ingestion protocol*). Details that
//! the documentation does not specify follow Dynatrace's reference client `dynatrace-metric-utils-java`, with
//! one exception: if the client would write a line that a strict reader rejects, this module escapes
//! characters, so every line can be read.
//!
//! The checks ([`check_instrument_name`], [`check_metric_key`], [`check_dimension_key`],
//! [`check_unit`], [`check_description`]) are `const fn`; the annotations report their results as compile
//! errors. Normalisation accepts any text and uses the same grammar: its result passes the check,
//! and a text that passes the check is returned unchanged.
//!
//! The parts that all lines share are normalised and serialised once, as [`MetricKey`] and
//! `Dimensions`; `write_line` copies them and formats the numbers:
//!
#![cfg_attr(feature = "dynatrace", doc = "```")]
#![cfg_attr(not(feature = "dynatrace"), doc = "```ignore")]
//! use dt_metrics::line::{Dimensions, MetricKey, Payload, write_line};
//!
//! let key = MetricKey::with_prefix("shop", "checkout.duration").unwrap();
//! let defaults = [("dt.metrics.source", "opentelemetry")];
//! let measured = [("region", "eu"), ("user agent", "curl 8")];
//! let dimensions = Dimensions::from_layers(&[&defaults, &measured])?;
//! let payload = Payload::Summary { min: 0.5, max: 2.0, sum: 4.5, count: 4 };
//!
//! let mut out = String::new();
//! write_line(&mut out, &key, &dimensions, &payload, None)?;
//! assert_eq!(
//!     out,
//!     r"shop.checkout.duration,dt.metrics.source=opentelemetry,region=eu,user_agent=curl\ 8 gauge,min=0.5,max=2,sum=4.5,count=4",
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod class;
mod description;
mod dimension_key;
mod instrument_name;
mod invalid;
pub mod limits;
mod metric_key;
mod sections;
mod unit;

#[cfg(feature = "dynatrace")]
mod batcher;
#[cfg(feature = "dynatrace")]
mod body;
#[cfg(feature = "dynatrace")]
mod dimension_value;
#[cfg(feature = "dynatrace")]
mod dimensions;
#[cfg(feature = "dynatrace")]
mod metadata;
#[cfg(feature = "dynatrace")]
mod number;
#[cfg(feature = "dynatrace")]
mod payload;
#[cfg(feature = "dynatrace")]
mod summary;
#[cfg(feature = "dynatrace")]
mod writer;

#[cfg(test)]
mod tests;

pub use self::description::check_description;
pub use self::dimension_key::{check_dimension_key, normalize_dimension_key};
pub use self::instrument_name::check_instrument_name;
pub(crate) use self::instrument_name::normalize_instrument_name;
pub use self::invalid::Invalid;
pub use self::metric_key::{MetricKey, check_metric_key};
pub use self::unit::{check_unit, ucum_unit};

#[cfg(feature = "dynatrace")]
pub(crate) use self::batcher::{Batcher, NotAdded};
#[cfg(feature = "dynatrace")]
pub(crate) use self::body::{Lines, Series, metadata_numbers, series, series_of_first};
#[cfg(feature = "dynatrace")]
pub(crate) use self::dimension_value::is_value_altered;
#[cfg(feature = "dynatrace")]
pub use self::dimension_value::normalize_dimension_value;
#[cfg(feature = "dynatrace")]
pub use self::dimensions::{Dimensions, TooManyDimensions};
#[cfg(feature = "dynatrace")]
pub use self::metadata::{MetricType, write_metadata};
#[cfg(feature = "dynatrace")]
pub use self::number::Number;
#[cfg(feature = "dynatrace")]
pub use self::payload::{Payload, Rejected};
#[cfg(feature = "dynatrace")]
pub(crate) use self::summary::{explicit_range, exponential_range, span, summaries};
#[cfg(feature = "dynatrace")]
pub use self::writer::write_line;
#[cfg(feature = "dynatrace")]
pub(crate) use self::writer::{LineEnd, write_point};
