//! Metrics as the exporter sends them.

use dt_metrics::line::{MetricKey, check_metric_key, normalize_dimension_key, ucum_unit};

use super::error::MetricsError;
use crate::catalog::{InstrumentKind, Objective};

/// The prefix of Dynatrace's own keys, which the exporter does not send.
const RESERVED: &str = "dt.";

/// The dimension with the outcome of a call.
pub(super) const OUTCOME: &str = "outcome";

/// The name of a kind, with its article.
pub(super) fn kind_name(kind: InstrumentKind) -> &'static str {
    match kind {
        InstrumentKind::Counter => "a counter",
        InstrumentKind::UpDownCounter => "an up-down counter",
        InstrumentKind::Histogram => "a histogram",
        InstrumentKind::Gauge => "a gauge",
    }
}

/// A metric under the key that the exporter sends.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ExportedMetric {
    /// The key with its prefix, normalized.
    pub(super) key: String,
    pub(super) kind: InstrumentKind,
    /// The unit in UCUM if known; empty if there is none.
    pub(super) unit: String,
    /// The description; empty if there is none.
    pub(super) description: String,
    /// The normalized keys of its dimensions.
    pub(super) dimensions: Vec<String>,
    /// The locations of its annotations, as `src/shop.rs:7`.
    pub(super) locations: Vec<String>,
    pub(super) objective: Option<Objective>,
    /// Whether Dynatrace stores the buckets of the histogram, from which it estimates percentiles.
    pub(super) has_buckets: bool,
}

impl ExportedMetric {
    pub(super) fn has(&self, dimension: &str) -> bool {
        self.dimensions.iter().any(|known| known == dimension)
    }
}

/// The prefix of the keys, or an empty one. It accepts the same prefixes as the builder.
pub(super) fn prefix(given: Option<&str>) -> Result<&str, MetricsError> {
    let given = given.unwrap_or_default();
    let prefix = given.strip_suffix('.').unwrap_or(given);
    let refuse = |reason| {
        Err(MetricsError::Prefix {
            prefix: given.to_owned(),
            reason,
        })
    };
    match check_metric_key(prefix) {
        _ if given.is_empty() => Ok(""),
        Ok(()) if format!("{prefix}.").starts_with(RESERVED) => {
            refuse("keys that begin with `dt.` are Dynatrace's own")
        }
        Ok(()) => Ok(prefix),
        Err(invalid) => refuse(invalid.message()),
    }
}

/// The key that the exporter sends for a metric with this name; `None` if it sends none.
pub(super) fn key(prefix: &str, name: &str) -> Option<String> {
    MetricKey::with_prefix(prefix, name)
        .map(|key| key.as_str().to_owned())
        .filter(|key| !key.starts_with(RESERVED))
}

/// The dimension keys that the exporter sends for these keys, without duplicates.
pub(super) fn dimensions<K: AsRef<str>>(keys: impl IntoIterator<Item = K>) -> Vec<String> {
    let mut known = Vec::new();
    for key in keys {
        if let Some(key) = normalize_dimension_key(key.as_ref())
            && !known.iter().any(|known: &String| *known == key)
        {
            known.push(key.into_owned());
        }
    }
    known
}

/// The unit as the exporter sends it.
pub(super) fn unit(given: &str) -> String {
    ucum_unit(given).unwrap_or(given).to_owned()
}
