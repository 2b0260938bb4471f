//! Dimensions that the exporter adds to each line, and the keys that Dynatrace reserves.

/// Keys and values of dimensions.
pub(crate) type Pairs = Vec<(String, String)>;

/// Marks metrics that came through OpenTelemetry, as Dynatrace's own exporters mark theirs.
pub(crate) const METRICS_SOURCE: (&str, &str) = ("dt.metrics.source", "opentelemetry");

/// The key of the dimension that distinguishes processes of one service.
pub(crate) const INSTANCE_ID: &str = "service.instance.id";

/// The beginning of Dynatrace's own metric keys (Dynatrace documentation, "Metric ingestion
/// protocol").
pub(crate) const RESERVED: &str = "dt.";

/// Borrows the pairs as one layer of [`Dimensions`](crate::line::Dimensions).
pub(crate) fn as_layer(pairs: &Pairs) -> Vec<(&str, &str)> {
    pairs
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect()
}
