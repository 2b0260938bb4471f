//! The metrics of programs: from their catalogues, and from the series that an endpoint received.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::error::MetricsError;
use super::metric::{self, ExportedMetric, kind_name};
use crate::catalog::{Catalog, Instrument, InstrumentKind};

/// A dimension that every line has with the same value.
const METRICS_SOURCE: &str = "dt.metrics.source";

/// The metrics of programs under the keys that Dynatrace stores.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metrics {
    pub(super) metrics: Vec<ExportedMetric>,
    left_out: Vec<String>,
}

/// The answer of an endpoint to `GET /api/series`, as far as it is needed.
#[derive(Deserialize)]
struct Received {
    series: Vec<ReceivedSeries>,
}

/// A series that an endpoint received.
#[derive(Deserialize)]
pub(crate) struct ReceivedSeries {
    pub(crate) metric: String,
    pub(crate) kind: PayloadKind,
    pub(crate) dimensions: BTreeMap<String, String>,
    pub(crate) unit: Option<String>,
    pub(crate) description: Option<String>,
    /// Whether the histograms of the series have buckets: only then the endpoint estimates percentiles.
    #[serde(default, rename = "percentiles", deserialize_with = "is_present")]
    pub(crate) has_buckets: bool,
}

/// The kind of a series, from which the kind of its instrument follows.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PayloadKind {
    Count,
    Summary,
    /// Also the series of an up-down counter.
    Gauge,
}

impl Metrics {
    /// Reads the output of `dt_metrics::catalog_json()`, or the answer of an endpoint to
    /// `GET /api/catalog`.
    ///
    /// `prefix` is the builder's prefix. A catalogue that a program handed over to an endpoint contains the
    /// prefix; then `None` keeps it.
    ///
    /// # Errors
    ///
    /// The text is not a catalogue, or no metric key can begin with the prefix.
    pub fn from_catalog(json: &str, prefix: Option<&str>) -> Result<Self, MetricsError> {
        // Some editors and shells on Windows write a byte order mark first.
        let json = json.trim_start_matches('\u{feff}');
        if json.trim().is_empty() {
            return Err(MetricsError::Empty);
        }
        let prefix = prefix.map(|it| metric::prefix(Some(it))).transpose()?;
        let catalogs = Catalog::read_all(json.as_bytes())?;
        let mut metrics = Self::default();
        for catalog in &catalogs {
            let own = catalog.prefix.as_deref().unwrap_or_default();
            metrics.add_catalog(catalog, prefix.unwrap_or(own));
        }
        Ok(metrics)
    }

    /// The metrics of these catalogues.
    pub(crate) fn of(catalogs: &[Catalog]) -> Self {
        let mut metrics = Self::default();
        for catalog in catalogs {
            metrics.add_catalog(catalog, catalog.prefix.as_deref().unwrap_or_default());
        }
        metrics
    }

    /// Adds the metrics that an endpoint received and that no catalogue declares. `json` is the answer of
    /// the endpoint to `GET /api/series`.
    ///
    /// An up-down counter looks like a gauge there.
    ///
    /// # Errors
    ///
    /// The text is not such an answer.
    pub fn add_received(&mut self, json: &str) -> Result<(), MetricsError> {
        let received: Received = serde_json::from_str(json)?;
        self.add_series(received.series);
        Ok(())
    }

    /// Adds the metrics of these series.
    pub(crate) fn add_series(&mut self, series: impl IntoIterator<Item = ReceivedSeries>) {
        let declared: Vec<_> = self.metrics.iter().map(|it| it.key.clone()).collect();
        let is_declared = |key: &str| declared.iter().any(|it| it.eq_ignore_ascii_case(key));
        for series in series {
            if is_declared(&series.metric) {
                for metric in &mut self.metrics {
                    let is_it = metric.key.eq_ignore_ascii_case(&series.metric);
                    metric.has_buckets |= is_it && series.has_buckets;
                }
                continue;
            }
            let keys = series.dimensions.into_keys();
            self.add(ExportedMetric {
                unit: series.unit.unwrap_or_default(),
                description: series.description.unwrap_or_default(),
                key: series.metric,
                kind: match series.kind {
                    PayloadKind::Count => InstrumentKind::Counter,
                    PayloadKind::Summary => InstrumentKind::Histogram,
                    PayloadKind::Gauge => InstrumentKind::Gauge,
                },
                dimensions: metric::dimensions(keys.filter(|key| key != METRICS_SOURCE)),
                locations: Vec::new(),
                objective: None,
                has_buckets: series.has_buckets,
            });
        }
        self.metrics[declared.len()..].sort_by(|a, b| a.key.cmp(&b.key));
    }

    /// Declares that the program sends over OTLP: Dynatrace then stores the buckets of histograms, from
    /// which queries estimate percentiles.
    #[must_use]
    pub fn over_otlp(mut self) -> Self {
        for metric in &mut self.metrics {
            metric.has_buckets = metric.kind == InstrumentKind::Histogram;
        }
        self
    }

    /// Keeps only metrics whose key begins with this prefix and a period.
    #[must_use]
    pub fn with_prefix(mut self, prefix: &str) -> Self {
        let prefix = prefix.strip_suffix('.').unwrap_or(prefix);
        let has_prefix = |key: &str| {
            let rest = key.strip_prefix(prefix);
            prefix.is_empty() || rest.is_some_and(|rest| rest.starts_with('.'))
        };
        self.metrics.retain(|metric| has_prefix(&metric.key));
        self
    }

    /// Whether there is no metric.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.metrics.is_empty()
    }

    /// Descriptions of the instruments that the exporter does not send, such as one of two instruments
    /// with the same name and different kinds.
    #[must_use]
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    fn add_catalog(&mut self, catalog: &Catalog, prefix: &str) {
        for instrument in &catalog.instruments {
            self.add_instrument(instrument, prefix);
        }
    }

    fn add_instrument(&mut self, instrument: &Instrument, prefix: &str) {
        // The exporter does not send conflicting metrics either.
        if let Some(conflict) = &instrument.conflict {
            self.left_out.push(conflict.clone());
            return;
        }
        let location = format!("{}:{}", instrument.file, instrument.line);
        let location = (!instrument.file.is_empty()).then_some(location);
        let key = metric::key(prefix, &instrument.name);
        let Some(key) = key.filter(|_| instrument.is_sent()) else {
            let place = location.map_or_else(String::new, |place| format!(" at {place}"));
            self.left_out.push(format!(
                "{:?}{place}: it cannot be made a metric key",
                instrument.name
            ));
            return;
        };
        self.add(ExportedMetric {
            key,
            kind: instrument.kind,
            unit: metric::unit(&instrument.unit),
            description: instrument.description.clone(),
            dimensions: metric::dimensions(&instrument.dimension_keys),
            locations: location.into_iter().collect(),
            objective: instrument.objective,
            has_buckets: false,
        });
    }

    /// Adds a metric, or merges it into the one with the same key. Keys are case-insensitive, and an
    /// absent unit agrees with any unit.
    fn add(&mut self, metric: ExportedMetric) {
        let same = |known: &&mut ExportedMetric| known.key.eq_ignore_ascii_case(&metric.key);
        let Some(known) = self.metrics.iter_mut().find(same) else {
            self.metrics.push(metric);
            return;
        };
        if known.kind != metric.kind {
            self.left_out.push(format!(
                "{} as {}: there is {} of that key",
                metric.key,
                kind_name(metric.kind),
                kind_name(known.kind)
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
        known.objective = known.objective.or(metric.objective);
        known.has_buckets |= metric.has_buckets;
    }
}

fn is_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Option::<IgnoredAny>::deserialize(deserializer).map(|it| it.is_some())
}
