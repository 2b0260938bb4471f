use std::sync::Arc;

use crate::protocol::Temporality;

/// A data point that was accepted by OTLP, as it came.
///
/// What became of it is a [`Line`](crate::Line) in [`Server::lines`](crate::Server::lines): the one
/// at the same place, if everything came by OTLP.
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
    /// The metric that it is of.
    pub metric: Arc<Metric>,
    /// Its attributes, values as text.
    pub attributes: Vec<(String, String)>,
    /// What was measured.
    pub data: Data,
    /// When the measurement began, in nanoseconds since 1970; 0 if unknown.
    pub start_time_ns: u64,
    /// When it ended, in nanoseconds since 1970; 0 if unknown.
    pub time_ns: u64,
}

impl DataPoint {
    /// The value of an attribute of the data point.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<&str> {
        find(&self.attributes, key)
    }

    /// The value of an attribute of the resource, `service.name` for example.
    #[must_use]
    pub fn resource_attribute(&self, key: &str) -> Option<&str> {
        find(&self.metric.resource, key)
    }
}

/// What the data points of a metric in a request have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metric {
    /// The name, before it became a metric key.
    pub name: String,
    /// The unit; empty if there is none.
    pub unit: String,
    /// The description; empty if there is none.
    pub description: String,
    /// The name of the instrumentation scope.
    pub scope: Arc<str>,
    /// The attributes of the resource, values as text.
    pub resource: Arc<[(String, String)]>,
}

fn find<'a>(pairs: &'a [(String, String)], key: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(known, _)| known == key)
        .map(|(_, value)| value.as_str())
}

/// What a data point measured. Integers are given as the nearest float.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Data {
    /// A value at a time.
    Gauge {
        /// The value.
        value: f64,
    },
    /// A sum.
    Sum {
        /// The sum, or how much it rose.
        value: f64,
        /// Whether it only ever rises.
        is_monotonic: bool,
        /// Delta, or cumulative if it is not monotonic.
        temporality: Temporality,
    },
    /// Values counted by buckets.
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
    /// Values counted by buckets that grow. Dynatrace drops the buckets.
    ExponentialHistogram {
        /// Number of values.
        count: u64,
        /// Sum of the values.
        sum: f64,
        /// Smallest value, if it was recorded.
        min: Option<f64>,
        /// Largest value, if it was recorded.
        max: Option<f64>,
        /// The base of the buckets is 2 to the power of 2 to the power of minus this.
        scale: i32,
        /// Always delta.
        temporality: Temporality,
    },
}
