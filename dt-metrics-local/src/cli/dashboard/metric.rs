//! Metrics as the exporter sends them.

use dt_metrics::line::{MetricKey, check_metric_key, normalize_dimension_key, ucum_unit};
use serde::Deserialize;

use super::error::DashboardError;

/// The prefix of Dynatrace's own keys, which the exporter does not send.
const RESERVED: &str = "dt.";

/// The kind of an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum InstrumentKind {
    Counter,
    UpDownCounter,
    Histogram,
    Gauge,
}

impl InstrumentKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Counter => "a counter",
            Self::UpDownCounter => "an up-down counter",
            Self::Histogram => "a histogram",
            Self::Gauge => "a gauge",
        }
    }
}

/// A metric under the key that the exporter sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ExportedMetric {
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
}

impl ExportedMetric {
    pub(super) fn has(&self, dimension: &str) -> bool {
        self.dimensions.iter().any(|known| known == dimension)
    }
}

/// The metrics found, and those left out, with the reasons.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) metrics: Vec<ExportedMetric>,
    pub(super) left_out: Vec<String>,
}

impl Found {
    /// Adds a metric, or merges it into the one with the same key. Keys are case-insensitive, and an
    /// absent unit agrees with any unit.
    pub(super) fn add(&mut self, metric: ExportedMetric) {
        let same = |known: &&mut ExportedMetric| known.key.eq_ignore_ascii_case(&metric.key);
        let Some(known) = self.metrics.iter_mut().find(same) else {
            self.metrics.push(metric);
            return;
        };
        if known.kind != metric.kind {
            self.left_out.push(format!(
                "{} as {}: there is {} of that key",
                metric.key,
                metric.kind.name(),
                known.kind.name()
            ));
            return;
        }
        if known.unit.is_empty() {
            known.unit = metric.unit;
        }
        if known.description.is_empty() {
            known.description = metric.description;
        }
        for dimension in metric.dimensions {
            if !known.has(&dimension) {
                known.dimensions.push(dimension);
            }
        }
        known.locations.extend(metric.locations);
    }
}

/// The prefix of the keys, or an empty one. It accepts the same prefixes as the builder.
pub(super) fn prefix(given: Option<&str>) -> Result<&str, DashboardError> {
    let given = given.unwrap_or_default();
    let prefix = given.strip_suffix('.').unwrap_or(given);
    let refuse = |reason| {
        Err(DashboardError::Prefix {
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
