//! The lines of one metric.

use std::time::Instant;

use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::Temporality;

use super::altered::{Altered, explain};
use super::batch::Batcher;
use super::convert::Sink;
use super::metadata::Metadata;
use super::notes::{Named, Notes, Subject};
use super::origin::Origin;
use super::sets::{Order, Sets};
use super::zeros::Zeros;
use crate::line::{MetricKey, MetricType, Payload, TooManyDimensions, write_line};

const INVALID_KEY: &str = "invalid_key";
const UNSUPPORTED_TEMPORALITY: &str = "unsupported_temporality";

/// Writes the points of one metric of one collection.
pub(super) struct Lines<'e> {
    pub(super) subject: Subject<'e>,
    pub(super) key: Option<&'e MetricKey>,
    pub(super) key_altered: bool,
    pub(super) metric_type: MetricType,
    pub(super) origin: &'e Origin,
    pub(super) sets: &'e mut Sets,
    pub(super) order: &'e mut Order,
    pub(super) batcher: &'e mut Batcher,
    /// The line of metadata that goes before the first line; empty if none is due.
    pub(super) head: &'e mut String,
    pub(super) metadata: &'e mut Metadata,
    pub(super) zeros: Option<&'e mut Zeros>,
    pub(super) notes: &'e mut Notes,
    pub(super) named: &'e mut Named,
    /// Alterations that were spoken of while writing this metric.
    pub(super) said: Altered,
    pub(super) now: Instant,
}

impl<'a> Sink<'a> for Lines<'_> {
    #[inline]
    fn point<A>(&mut self, attributes: impl Fn() -> A, payload: Payload, timestamp_ms: i64)
    where
        A: Iterator<Item = &'a KeyValue>,
    {
        let Some(key) = self.key else {
            return self.drop(INVALID_KEY, 1, || {
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
                return self.drop(too_many.reason(), 1, || {
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
        let mut remembered = true;
        if let Some(zeros) = &mut self.zeros
            && written.is_ok()
            && matches!(payload, Payload::Count(_))
        {
            remembered = zeros.seen(self.origin.resource_id, key, dimensions);
        }
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
        if !remembered {
            self.named
                .warn(self.notes, self.now, "zero_counts", self.subject, || {
                    "there are too many series to send zeros for all of them".into()
                });
        }
    }

    fn refuse(&mut self, points: usize, temporality: Temporality) {
        let points = u64::try_from(points).unwrap_or(u64::MAX);
        self.drop(UNSUPPORTED_TEMPORALITY, points, || {
            format!(
                "its {temporality:?} temporality cannot be sent: let the reader ask this exporter \
                 for the temporality"
            )
        });
    }
}

impl Lines<'_> {
    #[cold]
    fn drop(&mut self, reason: &'static str, points: u64, why: impl FnOnce() -> String) {
        self.notes.drop(reason, self.subject.name, points);
        self.named
            .warn(self.notes, self.now, reason, self.subject, || {
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
