//! One collection to request bodies.

use std::collections::{BTreeMap, HashSet};

use opentelemetry::{Key, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::{Metric, ResourceMetrics, ScopeMetrics};

use super::batch::{Batcher, Body};
use super::cache::{Keys, Sets};
use super::config::Config;
use super::convert::{Sink, convert};
use crate::line::{MetricKey, Payload, TooManyDimensions, write_line};

/// How many metrics are named for one reason. More of them have one cause.
const MAX_NAMED: usize = 100;

const INVALID_KEY: &str = "invalid_key";
const TOO_MANY_DIMENSIONS: &str = "too_many_dimensions";
const UNSUPPORTED_TEMPORALITY: &str = "unsupported_temporality";
const UNSUPPORTED_ATTRIBUTE: &str = "unsupported_attribute";

/// What one collection came to.
#[derive(Default)]
pub(super) struct Encoded {
    pub(super) bodies: Vec<Body>,
    /// Points that did not become a line, by reason.
    pub(super) dropped: BTreeMap<&'static str, u64>,
    /// What to say about it; each only once in the life of the exporter.
    pub(super) warnings: Vec<String>,
}

/// Writes collections as lines.
pub(super) struct Encoder {
    keys: Keys,
    sets: Sets,
    batcher: Batcher,
    named: Named,
}

impl Encoder {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            keys: Keys::new(config.prefix.clone()),
            sets: Sets::new(config.default_dimensions.clone()),
            batcher: Batcher::new(config.max_lines_per_request, config.max_bytes_per_request),
            named: Named::default(),
        }
    }

    pub(super) fn encode(&mut self, metrics: &ResourceMetrics) -> Encoded {
        let mut encoded = Encoded::default();
        let mut attributes = Vec::new();
        self.sets
            .begin_cycle(service_name(metrics.resource()).as_deref());
        for metric in metrics.scope_metrics().flat_map(ScopeMetrics::metrics) {
            let mut lines = Lines {
                metric,
                key: self.keys.get(metric.name()),
                sets: &mut self.sets,
                batcher: &mut self.batcher,
                attributes: &mut attributes,
                notes: Notes {
                    encoded: &mut encoded,
                    named: &mut self.named,
                },
            };
            convert(metric, &mut lines);
        }
        self.keys.end_cycle();
        self.sets.end_cycle();
        encoded.bodies = self.batcher.finish();
        encoded
    }
}

/// The resource's `service.name`, unless it is the one that the SDK makes up.
fn service_name(resource: &Resource) -> Option<String> {
    resource
        .get_ref(&Key::from_static_str("service.name"))
        .map(|name| name.as_str().into_owned())
        .filter(|name| !name.is_empty() && !name.starts_with("unknown_service"))
}

/// The lines of one metric.
struct Lines<'e, 'a> {
    metric: &'a Metric,
    key: Option<&'e MetricKey>,
    sets: &'e mut Sets,
    batcher: &'e mut Batcher,
    attributes: &'e mut Vec<&'a KeyValue>,
    notes: Notes<'e>,
}

impl<'a> Sink<'a> for Lines<'_, 'a> {
    fn point(
        &mut self,
        attributes: impl Iterator<Item = &'a KeyValue>,
        payload: Payload,
        timestamp_ms: i64,
    ) {
        let name = self.metric.name();
        let Some(key) = self.key else {
            return self.notes.dropped(INVALID_KEY, 1, name, || {
                "its name cannot be made a metric key".into()
            });
        };
        self.attributes.clear();
        self.attributes.extend(attributes);
        let set = self.sets.get(self.attributes);
        if set.lost_an_attribute {
            self.notes.warn(UNSUPPORTED_ATTRIBUTE, name, || {
                "attributes that are arrays are left out: dimensions are single values".into()
            });
        }
        match &set.dimensions {
            Ok(dimensions) => {
                let written = self
                    .batcher
                    .line(|out| write_line(out, key, dimensions, &payload, Some(timestamp_ms)));
                if let Err(reason) = written {
                    self.notes
                        .dropped(reason, 1, name, || format!("{payload:?} has no line"));
                }
            }
            Err(TooManyDimensions(count)) => {
                self.notes.dropped(TOO_MANY_DIMENSIONS, 1, name, || {
                    format!("a point has {count} dimensions, default ones included; 50 is the most")
                });
            }
        }
    }

    fn refuse(&mut self, points: usize, temporality: Temporality) {
        let points = u64::try_from(points).unwrap_or(u64::MAX);
        self.notes.dropped(UNSUPPORTED_TEMPORALITY, points, self.metric.name(), || {
            format!(
                "its {temporality:?} temporality cannot be sent: let the reader ask this exporter \
                 for the temporality"
            )
        });
    }
}

/// What is kept about points without a line.
struct Notes<'e> {
    encoded: &'e mut Encoded,
    named: &'e mut Named,
}

impl Notes<'_> {
    fn dropped(
        &mut self,
        reason: &'static str,
        points: u64,
        metric: &str,
        why: impl FnOnce() -> String,
    ) {
        *self.encoded.dropped.entry(reason).or_default() += points;
        self.warn(reason, metric, || {
            format!("points are dropped ({reason}): {}", why())
        });
    }

    fn warn(&mut self, reason: &'static str, metric: &str, text: impl FnOnce() -> String) {
        if self.named.is_new(reason, metric) {
            self.encoded
                .warnings
                .push(format!("metric {metric:?}: {}", text()));
        }
    }
}

/// The metrics that were named already, for each reason.
#[derive(Default)]
struct Named(BTreeMap<&'static str, HashSet<Box<str>>>);

impl Named {
    fn is_new(&mut self, reason: &'static str, metric: &str) -> bool {
        let named = self.0.entry(reason).or_default();
        named.len() < MAX_NAMED && !named.contains(metric) && named.insert(metric.into())
    }
}

#[cfg(test)]
mod tests;
