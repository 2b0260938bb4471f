//! Data points as received over OTLP.

use std::sync::Arc;

use crate::protocol::Temporality;

/// A data point accepted over OTLP, as received.
///
/// Its equivalent metric line is in [`Server::lines`](crate::Server::lines), at the same index if
/// everything was received over OTLP.
///
/// ```
/// use dt_metrics_local::Server;
/// use dt_metrics_local::otlp::Data;
///
/// let server = Server::builder().start()?;
/// // … a program sends to server.otlp_url() …
/// for point in server.otlp_points() {
///     if let Data::Histogram { bounds, .. } = &point.data {
///         println!("{} has {} buckets", point.metric.name, bounds.len() + 1);
///     }
/// }
/// # Ok::<(), dt_metrics_local::StartError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DataPoint {
    /// The metric of the data point.
    pub metric: Arc<Metric>,
    /// The attributes of the data point, with their values as text.
    pub attributes: Vec<(String, String)>,
    /// The measurement.
    pub data: Data,
    /// The start of the measurement, in nanoseconds since 1970; 0 if unknown.
    pub start_time_ns: u64,
    /// The end of the measurement, in nanoseconds since 1970; 0 if unknown.
    pub time_ns: u64,
}

impl DataPoint {
    /// Returns the value of an attribute of the data point; `None` without this attribute.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<&str> {
        find(&self.attributes, key)
    }

    /// Returns the value of an attribute of the resource, such as `service.name`; `None` without this
    /// attribute.
    #[must_use]
    pub fn resource_attribute(&self, key: &str) -> Option<&str> {
        find(&self.metric.resource, key)
    }
}

/// The properties that all data points of a metric in one request share.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metric {
    /// The name as received, before normalization into a metric key.
    pub name: String,
    /// The unit; empty if there is none.
    pub unit: String,
    /// The description; empty if there is none.
    pub description: String,
    /// The name of the instrumentation scope.
    pub scope: Arc<str>,
    /// The attributes of the resource, with their values as text.
    pub resource: Arc<[(String, String)]>,
}

fn find<'a>(pairs: &'a [(String, String)], key: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(known, _)| known == key)
        .map(|(_, value)| value.as_str())
}

/// The measurement of a data point. Integers are converted to the nearest float.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Data {
    /// A value at a point in time.
    Gauge {
        /// The value.
        value: f64,
    },
    /// A sum.
    Sum {
        /// The sum, or its increase if the temporality is delta.
        value: f64,
        /// Whether the sum never decreases.
        is_monotonic: bool,
        /// Delta; or cumulative, if the sum is not monotonic.
        temporality: Temporality,
    },
    /// Values counted in buckets with explicit bounds.
    Histogram {
        /// Number of values.
        count: u64,
        /// Sum of the values.
        sum: f64,
        /// Smallest value, if it was recorded.
        min: Option<f64>,
        /// Largest value, if it was recorded.
        max: Option<f64>,
        /// Upper bounds of all buckets but the last.
        bounds: Vec<f64>,
        /// Number of values in each bucket.
        bucket_counts: Vec<u64>,
        /// Always delta.
        temporality: Temporality,
    },
    /// Values counted in buckets whose width grows exponentially. Dynatrace drops the buckets.
    ExponentialHistogram {
        /// Number of values.
        count: u64,
        /// Sum of the values.
        sum: f64,
        /// Smallest value, if it was recorded.
        min: Option<f64>,
        /// Largest value, if it was recorded.
        max: Option<f64>,
        /// The base of the buckets is `2^(2^-scale)`.
        scale: i32,
        /// Always delta.
        temporality: Temporality,
    },
}
