//! Where the measurements of a slot go.

use std::collections::{BTreeMap, HashMap};

use opentelemetry::KeyValue;

use super::instrument::{Instrument, attributes};
use crate::descriptor::Descriptor;
use crate::instrument::{Drained, Series};

/// What became of a descriptor.
pub(super) enum Standing {
    Admitted(Instrument),
    /// Its name belongs to another.
    Refused,
}

/// What tells descriptors apart: each is a static of its own.
pub(super) fn address(descriptor: &'static Descriptor) -> usize {
    core::ptr::from_ref(descriptor).addr()
}

/// By slot.
#[derive(Default)]
pub(super) struct Targets(Vec<Option<Target>>);

struct Target {
    /// Of the series that the slot had then.
    id: u64,
    /// Or the name of what has nowhere to go.
    series: Result<(Instrument, Box<[KeyValue]>), &'static str>,
}

/// What was noticed on the way, to be said when no lock is held.
#[derive(Default)]
pub(super) struct News {
    /// Some instrument is not made yet.
    pub(super) unprepared: bool,
    /// Instruments that have reached their limit of series.
    pub(super) full: Vec<&'static Descriptor>,
    /// Points of instruments whose name belongs to another.
    pub(super) refused: Lost,
    /// Values of observed functions that are no numbers.
    pub(super) not_finite: Lost,
    /// Values of observed functions that no sum can have that only grows.
    pub(super) negative: Lost,
}

/// Points that are not handed over, by the metric's name.
#[derive(Default)]
pub(super) struct Lost(BTreeMap<&'static str, u64>);

impl Lost {
    pub(super) fn add(&mut self, metric: &'static str) {
        *self.0.entry(metric).or_default() += 1;
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(metric, points)| (*metric, *points))
    }
}

impl Targets {
    /// Finds out where the slot's measurements go; `false` if that is not known yet.
    pub(super) fn prepare(
        &mut self,
        (slot, id, series): (u32, u64, &Series),
        standings: &HashMap<usize, Standing>,
        news: &mut News,
    ) -> bool {
        let slot = slot as usize;
        if self.0.len() <= slot {
            self.0.resize_with(slot + 1, || None);
        }
        if self.0[slot].as_ref().is_some_and(|target| target.id == id) {
            return true;
        }
        let series = match standings.get(&address(series.descriptor)) {
            None => {
                news.unprepared = true;
                return false;
            }
            Some(Standing::Refused) => Err(series.descriptor.name),
            Some(Standing::Admitted(instrument)) => {
                if series.overflow {
                    news.full.push(series.descriptor);
                }
                let dimensions = series.exported().iter();
                let dimensions = dimensions.map(|(key, value)| (*key, value));
                Ok((instrument.clone(), attributes(dimensions)))
            }
        };
        self.0[slot] = Some(Target { id, series });
        true
    }

    /// Hands over what was counted, and the values of gauges.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a function gives floats for the same metric"
    )]
    pub(super) fn record(&self, drained: &Drained, news: &mut News) {
        for (slot, delta) in drained
            .deltas
            .iter()
            .enumerate()
            .filter(|(_, delta)| **delta != 0)
        {
            match self.of(slot, news) {
                Some((Instrument::Counter(counter), attributes)) => counter.add(*delta, attributes),
                Some((Instrument::FloatCounter(counter), attributes)) => {
                    counter.add(*delta as f64, attributes);
                }
                Some((Instrument::UpDownCounter(counter), attributes)) => {
                    counter.add(delta.cast_signed(), attributes);
                }
                Some((Instrument::FloatUpDownCounter(counter), attributes)) => {
                    counter.add(delta.cast_signed() as f64, attributes);
                }
                // The cells of a histogram count its timers.
                Some((Instrument::Histogram(_) | Instrument::Gauge(_), _)) | None => {}
            }
        }
        for (slot, value) in &drained.gauges {
            if let Some((Instrument::Gauge(gauge), attributes)) = self.of(*slot as usize, news) {
                gauge.record(*value, attributes);
            }
        }
    }

    /// Hands over what was recorded.
    pub(super) fn record_values(&self, values: &[(u32, f64)], news: &mut News) {
        for (slot, value) in values {
            let target = self.of(*slot as usize, news);
            if let Some((Instrument::Histogram(histogram), attributes)) = target {
                histogram.record(*value, attributes);
            }
        }
    }

    fn of(&self, slot: usize, news: &mut News) -> Option<&(Instrument, Box<[KeyValue]>)> {
        let target = self.0.get(slot)?.as_ref()?.series.as_ref();
        target.inspect_err(|metric| news.refused.add(metric)).ok()
    }
}
