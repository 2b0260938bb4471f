//! Routes: to which instrument of the SDK the measurements of a slot go.

use opentelemetry::KeyValue;

use super::bound::BoundHistograms;
use super::findings::Findings;
use super::sdk::{Instrument, append_attributes};
use super::streams::{Admission, Claim, MetricId, Metrics, SeriesKey};
use crate::descriptor::{Descriptor, Kind};
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

/// Where measurements go. The attributes of most series are made at each collection, which takes less memory and
/// hardly more time.
enum Target {
    /// Nowhere: another instrument has the name.
    Refused(&'static Descriptor),
    Series(Place),
    /// In a box, so that all other routes are small.
    WithAttributes(Box<(Place, Box<[KeyValue]>)>),
}

/// One of the series of an instrument of the SDK. The parts of a [`SeriesKey`] are apart, so that a route is
/// small.
#[derive(Clone, Copy)]
struct Place {
    hash: u64,
    metric: MetricId,
    stream: u16,
    /// Whether it is taken in the stream. The overflow series takes none, as it is always in the first
    /// stream, nor does a series that has retired.
    is_claimed: bool,
}

impl Place {
    fn key(&self) -> SeriesKey {
        SeriesKey {
            metric: self.metric,
            hash: self.hash,
        }
    }
}

impl Target {
    fn place(&self) -> Option<&Place> {
        match self {
            Self::Refused(_) => None,
            Self::Series(place) => Some(place),
            Self::WithAttributes(target) => Some(&target.0),
        }
    }

    fn place_mut(&mut self) -> Option<&mut Place> {
        match self {
            Self::Refused(_) => None,
            Self::Series(place) => Some(place),
            Self::WithAttributes(target) => Some(&mut target.0),
        }
    }

    /// The attributes, unless they are made at each collection.
    fn attributes(&self) -> Option<&[KeyValue]> {
        match self {
            Self::Refused(_) | Self::Series(_) => None,
            Self::WithAttributes(target) => Some(&target.1),
        }
    }
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
            Some(Admission::Refused) => Target::Refused(series.descriptor),
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
                let place = Place {
                    hash: key.hash,
                    metric,
                    stream,
                    is_claimed,
                };
                // A histogram needs them whenever values are taken out.
                let kind = series.descriptor.kind;
                if are_cheap && matches!(kind, Kind::Counter | Kind::UpDownCounter) {
                    Target::Series(place)
                } else {
                    Target::WithAttributes(Box::new((place, attributes.into())))
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
        if let Some(place) = route.and_then(|route| route.target.place_mut())
            && std::mem::take(&mut place.is_claimed)
        {
            metrics.leave(&Claim(place.key()));
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
                let Some(target) = self.target(*slot, 1, findings) else {
                    continue;
                };
                if let Some(place) = target.place() {
                    let attributes = target.attributes().unwrap_or(of_series);
                    metrics.add_to_stream(place.key(), place.stream, *delta, attributes, findings);
                }
            }
        }
    }

    /// Whether the attributes of a slot's series are made at each collection.
    fn makes_attributes(&self, slot: u32) -> bool {
        let route = self.0.get(slot as usize).and_then(Option::as_ref);
        route.is_some_and(|route| matches!(route.target, Target::Series(_)))
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
        let target = self.target(slot, points, findings)?;
        let place = target.place()?;
        let instrument = metrics.instrument(place.metric, place.stream)?;
        Some((instrument, target.attributes().unwrap_or_default()))
    }

    /// The target of a slot; counts lost points if it is nowhere.
    fn target(&self, slot: u32, points: usize, findings: &mut Findings) -> Option<&Target> {
        let target = &self.0.get(slot as usize)?.as_ref()?.target;
        if let Target::Refused(descriptor) = target {
            findings.refused.add_points(descriptor.name, points as u64);
        }
        Some(target)
    }
}

#[cfg(test)]
mod tests;
