//! Metrics over OTLP: the data points as received, and the rules by which Dynatrace accepts and converts
//! them.
//!
//! | OTLP | temporality | here, and in Dynatrace |
//! | --- | --- | --- |
//! | gauge | | gauge |
//! | sum, monotonic | delta | count |
//! | sum, monotonic | cumulative | refused |
//! | sum, not monotonic | delta | count |
//! | sum, not monotonic | cumulative | gauge |
//! | histogram | delta | summary here, histogram in Dynatrace |
//! | exponential histogram | delta | summary; the buckets are dropped |
//! | histogram of either kind | cumulative | refused |
//! | summary | | refused |
//!
//! Also refused are histograms without a sum or with bounds that are not sorted or not finite,
//! values that are not finite, data points with more than 50 dimensions, and names that contain no
//! valid character, are shorter than 2 or longer than 255 characters. Timestamps are judged as in
//! metric lines.
//!
//! In names of metrics and dimensions, invalid characters become `_`. Names of dimensions are lowercased
//! and cut after 100 characters; values of dimensions are cut after 255 characters. A unit that is too
//! long or has characters that metric lines do not allow is dropped. A description is cut after 1,023
//! characters.
//!
//! The attributes of a data point, of its scope and of its resource become dimensions, in this order
//! of precedence. `service.name` is the first dimension of a line. Only strings, Booleans and
//! integers become dimensions; an attribute of another type, an array for example, is reported in
//! [`Line::notes`](crate::Line::notes), in the terminal, on the page, and in the partial success of
//! the answer. A setting of your environment may exclude attributes.
//!
//! Source: Dynatrace documentation, "About OTLP metrics ingest" (mapping, limits, histograms) and
//! "OpenTelemetry metrics ingest API" (statuses). Where it is ambiguous, the rules of
//! [metric lines](crate::protocol) apply: a run of invalid characters becomes one `_`, and the
//! minimum and maximum of a histogram are estimated from its buckets if they were not recorded.
// This folder imports `protocol` and `store`.

mod attributes;
mod extremes;
mod judge;
pub(crate) mod limits;
mod measure;
mod name;
mod read;
mod text;

#[cfg(test)]
mod tests;

pub use crate::protocol::Temporality;
pub use crate::store::data_point::{Data, DataPoint, Metric};

pub(crate) use judge::{Judged, judge};
pub(crate) use read::count_points;
