//! One collection to request bodies.

use std::time::{Instant, SystemTime};

use opentelemetry_sdk::metrics::data::ResourceMetrics;

use super::altered::Altered;
use super::batch::Batcher;
use super::body::Body;
use super::config::Config;
use super::convert::{convert, metric_type, millis};
use super::keys::Keys;
use super::lines::Lines;
use super::metadata::{Metadata, Statement};
use super::notes::{Named, Notes, SCOPE, Subject};
use super::origin::{Origins, Wanted};
use super::sets::Sets;
use super::zeros::{PULSE, Zeros};
use crate::line::{Number, Payload, write_line};

/// What one collection came to.
#[derive(Debug, Default)]
pub(super) struct Encoded {
    pub(super) bodies: Vec<Body>,
    pub(super) notes: Notes,
}

/// Writes collections as lines.
pub(super) struct Encoder {
    keys: Keys,
    origins: Origins,
    sets: Sets,
    metadata: Metadata,
    /// If counters that did not move are wanted.
    zeros: Option<Zeros>,
    batcher: Batcher,
    named: Named,
    /// The line of metadata at hand.
    head: String,
}

impl Encoder {
    pub(super) fn new(config: &Config) -> Self {
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
            zeros: config.zero_counts.then(Zeros::default),
            batcher: Batcher::new(config.max_lines_per_request, config.max_bytes_per_request),
            named: Named::default(),
            head: String::new(),
        }
    }

    /// The metadata of these keys did not arrive.
    pub(super) fn metadata_lost(&mut self, keys: &[Box<str>]) {
        for key in keys {
            self.metadata.lost(key);
        }
    }

    /// Writes a collection. Bodies that are full before its end go to `full`, so that they are
    /// sent meanwhile; the last are in what is returned.
    pub(super) fn encode(
        &mut self,
        metrics: &ResourceMetrics,
        mut full: impl FnMut(Vec<Body>),
    ) -> Encoded {
        let now = Instant::now();
        let mut notes = Notes::default();
        // First all of them, since two that disagree are both not described.
        self.state_metadata(metrics, now, &mut notes);

        let resource_id = self.origins.begin_cycle(metrics.resource());
        for scope in metrics.scope_metrics() {
            let origin = self.origins.of_scope(scope.scope());
            let annotated = scope.scope().name() == SCOPE;
            for metric in scope.metrics() {
                if annotated && metric.name() == PULSE {
                    continue;
                }
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
                    zeros: self.zeros.as_mut(),
                    notes: &mut notes,
                    named: &mut self.named,
                    said: Altered::NOTHING,
                    now,
                };
                let with_zeros = lines.zeros.is_some();
                convert(metric, with_zeros, &mut lines);
                if self.batcher.has_full() {
                    full(self.batcher.take_full());
                }
            }
        }
        self.write_zeros(resource_id);

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

    /// A line for each counter that did not move.
    fn write_zeros(&mut self, resource_id: u32) {
        let Some(zeros) = &mut self.zeros else {
            return;
        };
        let time = millis(SystemTime::now());
        let payload = Payload::Count(Number::U64(0));
        for (key, dimensions) in zeros.end_cycle(resource_id) {
            // It had a line before, and this one is no longer.
            let written = self
                .batcher
                .line(|out| write_line(out, key, dimensions, &payload, Some(time)));
            debug_assert!(written.is_ok(), "{written:?}");
        }
    }
}

#[cfg(test)]
mod tests;
