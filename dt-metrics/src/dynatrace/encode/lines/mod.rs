//! One collection to request bodies.

pub(crate) mod batcher;
pub(crate) mod dimension_cache;
pub(crate) mod fingerprint;
pub(crate) mod metric_cache;
pub(crate) mod points;
pub(crate) mod resource;
#[cfg(test)]
mod tests;

use crate::dynatrace::config::Config;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::encode::lines::batcher::Batcher;
use crate::dynatrace::encode::lines::dimension_cache::{Order, Sets};
use crate::dynatrace::encode::lines::metric_cache::{Keys, Metadata, Statement};
use crate::dynatrace::encode::lines::points::{Sink, convert, metric_type};
use crate::dynatrace::encode::lines::resource::{Origin, Origins, Wanted};
use crate::dynatrace::encode::warnings::{Altered, Named, Notes, SCOPE, Subject, explain};
use crate::dynatrace::health::DropReason;
use crate::line::{MetricKey, MetricType, Payload, TooManyDimensions, write_line};
use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use std::time::Instant;

/// What one collection came to.
#[derive(Debug, Default)]
pub(crate) struct Encoded {
    pub(crate) bodies: Vec<Body>,
    pub(crate) notes: Notes,
}

/// Writes collections as lines.
pub(crate) struct Encoder {
    keys: Keys,
    origins: Origins,
    sets: Sets,
    metadata: Metadata,
    batcher: Batcher,
    named: Named,
    /// The line of metadata at hand.
    head: String,
}

impl Encoder {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            keys: Keys::new(config.prefix.clone()),
            origins: Origins::new(Wanted {
                names: config.resource_dimensions.clone(),
                instance: config.instance.clone(),
            }),
            sets: Sets::new(
                config.default_dimensions.clone(),
                config.host_dimensions.clone(),
            ),
            metadata: Metadata::default(),
            batcher: Batcher::new(config.max_lines_per_request, config.max_bytes_per_request),
            named: Named::default(),
            head: String::new(),
        }
    }

    /// Writes a collection. Bodies that are full before its end go to `full`, so that they are
    /// sent meanwhile; the last are in what is returned.
    pub(crate) fn encode(
        &mut self,
        metrics: &ResourceMetrics,
        mut full: impl FnMut(Vec<Body>),
    ) -> Encoded {
        let now = Instant::now();
        let mut notes = Notes::default();
        // First all of them, since two that disagree are both not described.
        self.state_metadata(metrics, now, &mut notes);

        let _resource_id = self.origins.begin_cycle(metrics.resource());
        for scope in metrics.scope_metrics() {
            let origin = self.origins.of_scope(scope.scope());
            let annotated = scope.scope().name() == SCOPE;
            for metric in scope.metrics() {
                let entry = self.keys.get(metric.name());
                self.head.clear();
                if let Some(key) = &entry.key {
                    self.metadata
                        .write_due(&mut self.head, key, metric_type(metric));
                }
                let mut lines = Lines {
                    subject: Subject {
                        name: metric.name(),
                        annotated,
                    },
                    key: entry.key.as_ref(),
                    metric_type: metric_type(metric),
                    key_altered: entry.altered,
                    origin,
                    sets: &mut self.sets,
                    order: &mut entry.order,
                    batcher: &mut self.batcher,
                    head: &mut self.head,
                    metadata: &mut self.metadata,
                    notes: &mut notes,
                    named: &mut self.named,
                    said: Altered::NOTHING,
                    now,
                };
                convert(metric, &mut lines);
                if self.batcher.has_full() {
                    full(self.batcher.take_full());
                }
            }
        }

        self.keys.end_cycle();
        self.origins.end_cycle();
        self.sets.end_cycle();
        self.metadata.end_cycle();
        Encoded {
            bodies: self.batcher.finish(),
            notes,
        }
    }

    fn state_metadata(&mut self, metrics: &ResourceMetrics, now: Instant, notes: &mut Notes) {
        for scope in metrics.scope_metrics() {
            let annotated = scope.scope().name() == SCOPE;
            for metric in scope.metrics() {
                let subject = Subject {
                    name: metric.name(),
                    annotated,
                };
                let entry = self.keys.get(metric.name());
                let unit = entry.unit(metric.unit());
                let Some(key) = unit.key else { continue };
                let statement =
                    self.metadata
                        .state(key, unit.sent.unwrap_or_default(), metric.description());
                if unit.sent.is_none() && self.metadata.leave_out_unit(key) {
                    *notes.altered.entry("unit").or_default() += 1;
                    self.named.warn(notes, now, "unit", subject, || {
                        format!(
                            "its unit {:?} is left out: it has characters or a length that no \
                             unit has",
                            metric.unit()
                        )
                    });
                }
                if statement == Statement::Disputed {
                    *notes.altered.entry("metadata").or_default() += 1;
                    self.named.warn(notes, now, "metadata", subject, || {
                        format!(
                            "its unit {1:?} or description {2:?} disagrees with another given for \
                             the key {0:?}, so neither is sent",
                            key.as_str(),
                            metric.unit(),
                            metric.description()
                        )
                    });
                }
            }
        }
    }
}

// ===== from lines: //! The lines of one metric.
/// Writes the points of one metric of one collection.
pub(crate) struct Lines<'e> {
    pub(crate) subject: Subject<'e>,
    pub(crate) key: Option<&'e MetricKey>,
    pub(crate) key_altered: bool,
    pub(crate) metric_type: MetricType,
    pub(crate) origin: &'e Origin,
    pub(crate) sets: &'e mut Sets,
    pub(crate) order: &'e mut Order,
    pub(crate) batcher: &'e mut Batcher,
    /// The line of metadata that goes before the first line; empty if none is due.
    pub(crate) head: &'e mut String,
    pub(crate) metadata: &'e mut Metadata,
    pub(crate) notes: &'e mut Notes,
    pub(crate) named: &'e mut Named,
    /// Alterations that were spoken of while writing this metric.
    pub(crate) said: Altered,
    pub(crate) now: Instant,
}

impl<'a> Sink<'a> for Lines<'_> {
    #[inline]
    fn point<A>(&mut self, attributes: impl Fn() -> A, payload: Payload, timestamp_ms: i64)
    where
        A: Iterator<Item = &'a KeyValue>,
    {
        let Some(key) = self.key else {
            return self.drop(DropReason::InvalidKey, 1, || {
                "its name cannot be made a metric key, or makes one that begins with `dt.`, as only \
                 Dynatrace's own do"
                    .into()
            });
        };
        let set = self.sets.get(self.origin, self.order, &attributes);
        let dimensions = match &set.dimensions {
            Ok(dimensions) => dimensions,
            Err(too_many) => {
                let too_many = *too_many;
                let TooManyDimensions(count) = too_many;
                return self.drop(DropReason::TooManyDimensions, 1, || {
                    format!("a point has {count} dimensions, default ones included; 50 is the most")
                });
            }
        };
        let write =
            |out: &mut String| write_line(out, key, dimensions, &payload, Some(timestamp_ms));
        let written = if self.head.is_empty() {
            self.batcher.line(write)
        } else {
            let described = self.batcher.line_after(self.head, write);
            if let Ok(described) = described {
                self.head.clear();
                self.metadata.written(key, self.metric_type);
                if !described {
                    *self.notes.altered.entry("metadata").or_default() += 1;
                }
            }
            described.map(drop)
        };
        let mut altered = set.altered;
        if self.key_altered {
            altered = altered | Altered::METRIC_KEY;
        }
        if let Err(reason) = written {
            return self.drop(reason, 1, || format!("{payload:?} has no line"));
        }
        if altered != Altered::NOTHING {
            self.alter(altered, key, &attributes);
        }
    }

    fn refuse(&mut self, points: usize, temporality: Temporality) {
        let points = u64::try_from(points).unwrap_or(u64::MAX);
        self.drop(DropReason::UnsupportedTemporality, points, || {
            format!(
                "its {temporality:?} temporality cannot be sent: let the reader ask this exporter \
                 for the temporality"
            )
        });
    }
}

impl Lines<'_> {
    #[cold]
    fn drop(&mut self, reason: DropReason, points: u64, why: impl FnOnce() -> String) {
        self.notes.drop(reason, self.subject.name, points);
        self.named
            .warn(self.notes, self.now, reason.as_str(), self.subject, || {
                format!("points are dropped ({reason}): {}", why())
            });
    }

    #[cold]
    fn alter<'a, A>(&mut self, altered: Altered, key: &MetricKey, attributes: &impl Fn() -> A)
    where
        A: Iterator<Item = &'a KeyValue>,
    {
        for (one, reason) in altered.reasons() {
            *self.notes.altered.entry(reason).or_default() += 1;
            if !self.said.contains(one) {
                let measured = attributes().map(|attribute| -> &KeyValue { attribute });
                let all = self.origin.scope.iter().chain(measured);
                self.named
                    .warn(self.notes, self.now, reason, self.subject, || {
                        explain(one, key, all)
                    });
            }
        }
        self.said = self.said | altered;
    }
}
