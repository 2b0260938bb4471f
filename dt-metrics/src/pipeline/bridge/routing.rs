//! Routes: to which instrument of the SDK the measurements of a slot go.

use opentelemetry::KeyValue;

use super::bound::BoundHistograms;
use super::findings::Findings;
use super::sdk::{Instrument, append_attributes};
use super::streams::{Admission, Claim, MetricId, Metrics, SeriesKey};
use crate::descriptor::Kind;
use crate::instrument::{self, Drained, Series};

/// So many series have attributes at a time while counts are handed over.
const BATCH: usize = 256;

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
        /// `None` if they are made at each collection, which takes less memory and hardly more time. A histogram
        /// needs them whenever values are taken out.
        attributes: Option<Box<[KeyValue]>>,
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
                let mut attributes = Vec::new();
                let are_cheap = append_attributes(series, &mut attributes);
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
                let kind = series.descriptor.kind;
                let is_sum = matches!(kind, Kind::Counter | Kind::UpDownCounter);
                Target::Series {
                    attributes: (!(is_sum && are_cheap)).then(|| attributes.into()),
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

    /// Hands over the counts. Each slot must have the series still of which the counts are.
    pub(super) fn record_counts(
        &self,
        drained: &Drained,
        metrics: &mut Metrics,
        findings: &mut Findings,
    ) {
        let deltas = (0..).zip(drained.deltas.iter().copied());
        let mut deltas = deltas.filter(|(_, delta)| *delta != 0);
        let mut batch = Vec::with_capacity(BATCH);
        let (mut made, mut ends) = (Vec::new(), Vec::with_capacity(BATCH));
        loop {
            batch.clear();
            batch.extend(deltas.by_ref().take(BATCH));
            if batch.is_empty() {
                return;
            }
            made.clear();
            ends.clear();
            let slots = batch.iter().map(|(slot, _)| *slot);
            instrument::for_series_of(slots, |slot, series| {
                if let Some(series) = series
                    && self.makes_attributes(slot)
                {
                    append_attributes(series, &mut made);
                }
                ends.push(made.len());
            });
            let mut begin = 0;
            for ((slot, delta), end) in batch.iter().zip(&ends) {
                let of_series = made.get(begin..*end).unwrap_or_default();
                begin = *end;
                if let Some(Target::Series {
                    attributes,
                    hash,
                    metric,
                    stream,
                    ..
                }) = self.target(*slot, 1, findings)
                {
                    let series = SeriesKey {
                        metric: *metric,
                        hash: *hash,
                    };
                    let attributes = attributes.as_deref().unwrap_or(of_series);
                    metrics.add_to_stream(series, *stream, *delta, attributes, findings);
                }
            }
        }
    }

    /// Whether the attributes of a slot's series are made at each collection.
    fn makes_attributes(&self, slot: u32) -> bool {
        let route = self.0.get(slot as usize).and_then(Option::as_ref);
        route.is_some_and(|route| match route.target {
            Target::Series { ref attributes, .. } => attributes.is_none(),
            Target::Refused(_) => false,
        })
    }

    /// Hands over the values of gauges.
    pub(super) fn record_gauges(
        &self,
        drained: &Drained,
        metrics: &Metrics,
        findings: &mut Findings,
    ) {
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
        match self.target(slot, points, findings)? {
            Target::Refused(_) => None,
            Target::Series {
                attributes,
                metric,
                stream,
                ..
            } => Some((
                metrics.instrument(*metric, *stream)?,
                attributes.as_deref().unwrap_or_default(),
            )),
        }
    }

    /// The target of a slot; counts lost points if it is nowhere.
    fn target(&self, slot: u32, points: usize, findings: &mut Findings) -> Option<&Target> {
        let target = &self.0.get(slot as usize)?.as_ref()?.target;
        if let Target::Refused(metric) = target {
            findings.refused.add_points(metric, points as u64);
        }
        Some(target)
    }
}

#[cfg(test)]
mod tests;
