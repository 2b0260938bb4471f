//! Routes: to which instrument of the SDK the measurements of a slot go.

use opentelemetry::KeyValue;

use super::bound::BoundHistograms;
use super::findings::Findings;
use super::sdk::{Instrument, attributes};
use super::streams::{Admission, Claim, MetricId, Metrics, SeriesKey};
use crate::instrument::{Drained, Series};

/// The route of each slot.
#[derive(Default)]
pub(super) struct Routes(Vec<Option<Route>>);

struct Route {
    /// The number of the series that the slot had when the route was made.
    id: u64,
    target: Target,
}

/// Where measurements go. The parts of a [`SeriesKey`] are apart, so that a route is small.
enum Target {
    /// Nowhere. Has the name of the metric.
    Refused(&'static str),
    /// To one of the series of an instrument of the SDK.
    Series {
        attributes: Box<[KeyValue]>,
        hash: u64,
        metric: MetricId,
        stream: u16,
        /// Whether it has a place in the stream. The overflow series has none, as it is always in the first
        /// stream, nor has a series that has retired.
        is_claimed: bool,
    },
}

impl Routes {
    /// Finds out where the slot's measurements go; `false` if that is not known yet.
    pub(super) fn prepare(
        &mut self,
        (slot, id, series): (u32, u64, &Series),
        metrics: &mut Metrics,
        findings: &mut Findings,
    ) -> bool {
        let index = slot as usize;
        if self.0.len() <= index {
            self.0.resize_with(index + 1, || None);
        }
        if self.0[index].as_ref().is_some_and(|route| route.id == id) {
            return true;
        }
        self.retire(slot, metrics);
        let target = match metrics.admission(series.descriptor) {
            None => {
                findings.unprepared = true;
                return false;
            }
            Some(Admission::Refused) => Target::Refused(series.descriptor.name),
            Some(Admission::Admitted(metric)) => {
                let attributes = attributes(&series.exported());
                let key = metrics.key(metric, &attributes);
                let is_claimed = !series.is_exported_as_overflow();
                let entered = if is_claimed {
                    metrics.enter_stream(key)
                } else {
                    metrics.first(metric).map(|_| 0)
                };
                let Some(stream) = entered else {
                    findings.unprepared = true;
                    return false;
                };
                if series.is_overflow() {
                    findings.full.push(series.descriptor);
                }
                let level = series.values().level;
                if level != 0 {
                    // As far as it was handed over to pipelines before this one.
                    metrics.add_to_stream(key, stream, level, &attributes, findings);
                }
                Target::Series {
                    attributes,
                    hash: key.hash,
                    metric,
                    stream,
                    is_claimed,
                }
            }
        };
        self.0[index] = Some(Route { id, target });
        true
    }

    /// Frees the place of a series that has retired. Measurements that are under way still have
    /// their route.
    pub(super) fn retire(&mut self, slot: u32, metrics: &mut Metrics) {
        let route = self.0.get_mut(slot as usize).and_then(Option::as_mut);
        if let Some(Route {
            target:
                Target::Series {
                    hash,
                    metric,
                    is_claimed,
                    ..
                },
            ..
        }) = route
            && std::mem::take(is_claimed)
        {
            metrics.leave(&Claim(SeriesKey {
                metric: *metric,
                hash: *hash,
            }));
        }
    }

    /// Hands over the counts, and the values of gauges.
    pub(super) fn record(&self, drained: &Drained, metrics: &mut Metrics, findings: &mut Findings) {
        for (slot, delta) in drained
            .deltas
            .iter()
            .enumerate()
            .filter(|(_, delta)| **delta != 0)
        {
            if let Some(target) = self.target(slot, 1, findings)
                && let Target::Series {
                    attributes,
                    hash,
                    metric,
                    stream,
                    ..
                } = target
            {
                let series = SeriesKey {
                    metric: *metric,
                    hash: *hash,
                };
                metrics.add_to_stream(series, *stream, *delta, attributes, findings);
            }
        }
        for (metric, values) in &drained.not_finite {
            findings.not_finite.add_points(metric, *values);
        }
        for (slot, value) in &drained.gauges {
            if let Some((Instrument::Gauge(gauge), attributes)) =
                self.instrument(*slot, 1, metrics, findings)
            {
                gauge.record(*value, attributes);
            }
        }
    }

    /// Hands over recorded values. If it `binds`, it may allocate, and no reader aggregates.
    pub(super) fn record_values(
        &self,
        values: &[(u32, f64)],
        bound: &mut BoundHistograms,
        binds: bool,
        metrics: &Metrics,
        findings: &mut Findings,
    ) {
        // Values often come in runs of one slot.
        for run in values.chunk_by(|(a, _), (b, _)| a == b) {
            let Some((slot, _)) = run.first() else {
                continue;
            };
            let values = run.iter().map(|(_, value)| *value);
            if let Some(bound) = bound.get(*slot) {
                values.for_each(|value| bound.record(value));
            } else if let Some((Instrument::Histogram(histogram), attributes)) =
                self.instrument(*slot, run.len(), metrics, findings)
            {
                let bound = binds.then(|| bound.offer(*slot, run.len(), histogram, attributes));
                match bound.flatten() {
                    Some(bound) => values.for_each(|value| bound.record(value)),
                    None => values.for_each(|value| histogram.record(value, attributes)),
                }
            }
        }
    }

    /// The instrument and the attributes of a slot; counts lost points if it has none.
    fn instrument<'a>(
        &'a self,
        slot: u32,
        points: usize,
        metrics: &'a Metrics,
        findings: &mut Findings,
    ) -> Option<(&'a Instrument, &'a [KeyValue])> {
        match self.target(slot as usize, points, findings)? {
            Target::Refused(_) => None,
            Target::Series {
                attributes,
                metric,
                stream,
                ..
            } => Some((metrics.instrument(*metric, *stream)?, attributes)),
        }
    }

    /// The target of a slot; counts lost points if it is nowhere.
    fn target(&self, slot: usize, points: usize, findings: &mut Findings) -> Option<&Target> {
        let target = &self.0.get(slot)?.as_ref()?.target;
        if let Target::Refused(metric) = target {
            findings.refused.add_points(metric, points as u64);
        }
        Some(target)
    }
}

#[cfg(test)]
mod tests;
