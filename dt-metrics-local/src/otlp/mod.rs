//! Metrics by OTLP, judged as Dynatrace judges them: what it refuses, and what it makes of the
//! rest.
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
//! Refused are also histograms without a sum, with bounds that are not sorted or not finite, values
//! that are not finite, more than 50 dimensions, names without a valid character, of less than 2 or
//! more than 255. Times are judged as in lines.
//!
//! In names of metrics and dimensions what is not valid becomes `_`; names of dimensions are made
//! lower case, and are cut after 100 characters, their values after 255. Only text, Booleans and
//! integers make a dimension; of two with one key the first counts. A unit that is too long or
//! has other characters than in lines is dropped, a description is cut after 1,023 characters.
//!
//! The attributes of a data point become dimensions. Which ones of its resource and its scope do as
//! well is a setting of each environment, so none do here: [`DataPoint`] has them.
//!
//! Source: Dynatrace documentation, "About OTLP metrics ingest" (mapping, limits, histograms) and
//! "OpenTelemetry metrics ingest API" (statuses). Where it leaves room, the reading is that of
//! [lines](crate::protocol): runs of characters that are not valid become one `_`, and smallest and
//! largest value of a histogram are estimated from its buckets if they were not recorded.

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
