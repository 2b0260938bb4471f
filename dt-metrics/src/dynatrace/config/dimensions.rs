//! Dimensions that the exporter adds to each line, and the keys that Dynatrace reserves.

use opentelemetry_sdk::Resource;

use crate::dynatrace::error::ConfigError;
use crate::line::{self, MetricKey};

/// Keys and values of dimensions.
pub(crate) type Pairs = Vec<(String, String)>;

/// Everything that a process adds to its counts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Labels {
    pub(crate) prefix: Option<String>,
    pub(crate) default_dimensions: Pairs,
    pub(crate) host_dimensions: Pairs,
    /// The attributes of the resource that become dimensions.
    pub(crate) resource_dimensions: Vec<String>,
    /// The id of the process, if it is a dimension.
    pub(crate) instance: Option<String>,
    pub(crate) resource: Resource,
}

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

/// Returns the prefix without a dot at its end, which some people write; `None` if it is empty.
pub(super) fn check_prefix(prefix: Option<String>) -> Result<Option<String>, ConfigError> {
    let Some(prefix) = prefix.filter(|prefix| !prefix.is_empty()) else {
        return Ok(None);
    };
    let key = prefix.strip_suffix('.').unwrap_or(&prefix);
    let is_reserved = |key: &str| format!("{key}.").starts_with(RESERVED);
    let reason = match line::check_metric_key(key) {
        Ok(()) if !is_reserved(key) => return Ok(Some(key.into())),
        Ok(()) => "keys that begin with `dt.` are reserved by Dynatrace; choose another",
        Err(invalid) => invalid.message(),
    };
    let suggestion = MetricKey::new(key)
        .map(|key| key.as_str().to_owned())
        .filter(|key| !is_reserved(key));
    Err(ConfigError::Prefix {
        reason,
        suggestion,
        prefix,
    })
}
