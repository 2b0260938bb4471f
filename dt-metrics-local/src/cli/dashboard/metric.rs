//! Metrics as Dynatrace knows them.

use dt_metrics::line::{MetricKey, check_metric_key, normalize_dimension_key, ucum_unit};
use serde::Deserialize;

use super::error::DashboardError;

/// What Dynatrace's own keys begin with: the exporter sends none of them.
const RESERVED: &str = "dt.";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Counter,
    UpDownCounter,
    Histogram,
    Gauge,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Counter => "a counter",
            Self::UpDownCounter => "an up-down counter",
            Self::Histogram => "a histogram",
            Self::Gauge => "a gauge",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Metric {
    /// As it is sent: prefixed and normalised.
    pub(super) key: String,
    pub(super) kind: Kind,
    /// In UCUM where it is known; empty if there is none.
    pub(super) unit: String,
    /// Empty if there is none.
    pub(super) description: String,
    /// As they are sent.
    pub(super) dimensions: Vec<String>,
    /// Where it is annotated, as `src/shop.rs:7`.
    pub(super) places: Vec<String>,
}

impl Metric {
    pub(super) fn has(&self, dimension: &str) -> bool {
        self.dimensions.iter().any(|known| known == dimension)
    }
}

/// Metrics, and what could not be one of them.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) metrics: Vec<Metric>,
    pub(super) left_out: Vec<String>,
}

impl Found {
    /// Adds a metric, or what is new of it to the one with its key: names are one whatever their
    /// case, and an absent unit agrees with any.
    pub(super) fn add(&mut self, metric: Metric) {
        let same = |known: &&mut Metric| known.key.eq_ignore_ascii_case(&metric.key);
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
        known.places.extend(metric.places);
    }
}

/// What stands before the keys; empty if nothing does. Takes what the builder takes.
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

/// The key under which the exporter sends a metric of this name; `None` if it does not.
pub(super) fn key(prefix: &str, name: &str) -> Option<String> {
    MetricKey::with_prefix(prefix, name)
        .map(|key| key.as_str().to_owned())
        .filter(|key| !key.starts_with(RESERVED))
}

/// The keys that the exporter sends for these, each once.
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

/// The unit as the exporter sends it, as far as a chart cares.
pub(super) fn unit(given: &str) -> String {
    ucum_unit(given).unwrap_or(given).to_owned()
}
