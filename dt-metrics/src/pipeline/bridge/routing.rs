//! Routes: to which instrument of the SDK the measurements of a slot go.

use opentelemetry::KeyValue;

use super::findings::Findings;
use super::sdk::{Instrument, attributes};
use super::streams::{Admission, Claim, Metrics, SeriesKey};
use crate::instrument::{Drained, Series};

/// The route of each slot.
#[derive(Default)]
pub(super) struct Routes(Vec<Option<Route>>);

struct Route {
    /// The number of the series that the slot had when the route was made.
    id: u64,
    /// The name of the metric, if it has nowhere to go.
    target: Result<Target, &'static str>,
    /// Whether it has a place in a stream. The overflow series has none, as it is always in the first
    /// stream, nor has a series that has retired.
    is_claimed: bool,
}

/// An instrument of the SDK and one of its series.
struct Target {
    instrument: Instrument,
    attributes: Box<[KeyValue]>,
    series: SeriesKey,
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
        let mut is_claimed = false;
        let target = match metrics.admission(series.descriptor) {
            None => {
                findings.unprepared = true;
                return false;
            }
            Some(Admission::Refused) => Err(series.descriptor.name),
            Some(Admission::Admitted(metric)) => {
                let attributes = attributes(&series.exported());
                let key = metrics.key(metric, &attributes);
                let entered = if series.is_exported_as_overflow() {
                    metrics.first(metric).map(|first| (first, None))
                } else {
                    let entered = metrics.enter(key);
                    entered.map(|(instrument, claim)| (instrument, Some(claim)))
                };
                let Some((instrument, claimed)) = entered else {
                    findings.unprepared = true;
                    return false;
                };
                is_claimed = claimed.is_some();
                if series.overflow {
                    findings.full.push(series.descriptor);
                }
                let level = series.values().level;
                if level != 0 {
                    // As far as it was handed over to pipelines before this one.
                    metrics.add(key, &instrument, level, &attributes, findings);
                }
                Ok(Target {
                    instrument,
                    attributes,
                    series: key,
                })
            }
        };
        self.0[index] = Some(Route {
            id,
            target,
            is_claimed,
        });
        true
    }

    /// Frees the place of a series that has retired. Measurements that are under way still have
    /// their route.
    pub(super) fn retire(&mut self, slot: u32, metrics: &mut Metrics) {
        let route = self.0.get_mut(slot as usize).and_then(Option::as_mut);
        if let Some(route) = route
            && std::mem::take(&mut route.is_claimed)
            && let Ok(target) = &route.target
        {
            metrics.leave(&Claim(target.series));
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
            if let Some(target) = self.target(slot, findings) {
                let (instrument, attributes) = (&target.instrument, &target.attributes);
                metrics.add(target.series, instrument, *delta, attributes, findings);
            }
        }
        for (metric, values) in &drained.not_finite {
            findings.not_finite.add_points(metric, *values);
        }
        for (slot, value) in &drained.gauges {
            if let Some(Target {
                instrument: Instrument::Gauge(gauge),
                attributes,
                ..
            }) = self.target(*slot as usize, findings)
            {
                gauge.record(*value, attributes);
            }
        }
    }

    /// Hands over recorded values.
    pub(super) fn record_values(&self, values: &[(u32, f64)], findings: &mut Findings) {
        for (slot, value) in values {
            if let Some(Target {
                instrument: Instrument::Histogram(histogram),
                attributes,
                ..
            }) = self.target(*slot as usize, findings)
            {
                histogram.record(*value, attributes);
            }
        }
    }

    /// The target of a slot; counts a lost point if it has none.
    fn target(&self, slot: usize, findings: &mut Findings) -> Option<&Target> {
        let target = self.0.get(slot)?.as_ref()?.target.as_ref();
        target
            .inspect_err(|metric| findings.refused.add(metric))
            .ok()
    }
}
