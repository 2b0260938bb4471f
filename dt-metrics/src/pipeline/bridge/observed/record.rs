//! From answers to the SDK's instruments.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use opentelemetry::KeyValue;

use super::super::instrument::{Instrument, attributes};
use super::super::target::{News, Standing, address};
use super::sum::{Level, Total, float};
use crate::instrument::{Answer, Observed};

/// What was handed over of sums that only grow, by descriptor. Of this process: what one pipeline
/// has sent the next does not send again.
static TOTALS: Mutex<BTreeMap<usize, Total>> = Mutex::new(BTreeMap::new());

/// What was handed over of sums that grow and shrink, by descriptor, and of which series. The SDK
/// wants to know what is added; functions say what the sum is.
#[derive(Default)]
pub(in super::super) struct Levels(HashMap<usize, (Box<[KeyValue]>, Level)>);

impl Levels {
    /// Hands over what `observed` said last.
    pub(in super::super) fn record(
        &mut self,
        observed: &'static Observed,
        answer: &Answer,
        standings: &HashMap<usize, Standing>,
        news: &mut News,
    ) {
        let descriptor = observed.descriptor();
        let id = address(descriptor);
        let instrument = match standings.get(&id) {
            Some(Standing::Admitted(instrument)) => instrument,
            Some(Standing::Refused) => {
                news.refused.add(descriptor.name);
                return;
            }
            None => {
                news.unprepared = true;
                return;
            }
        };
        let values = answer.values.iter().map(Option::as_ref);
        let dimensions = descriptor.dimension_keys.iter().zip(values);
        let attributes = attributes(dimensions.filter_map(|(key, value)| Some((*key, value?))));
        let number = answer.number;
        let recorded = match instrument {
            Instrument::Gauge(gauge) => {
                let value = Some(float(number)).filter(|value| value.is_finite());
                value.map(|value| gauge.record(value, &attributes))
            }
            Instrument::Counter(_) => {
                Total::of(number, false).map(|now| increase(instrument, id, now, &attributes))
            }
            Instrument::FloatCounter(_) => {
                Total::of(number, true).map(|now| increase(instrument, id, now, &attributes))
            }
            Instrument::UpDownCounter(_) => {
                Level::of(number, false).map(|now| self.set(instrument, id, now, attributes))
            }
            Instrument::FloatUpDownCounter(_) => {
                Level::of(number, true).map(|now| self.set(instrument, id, now, attributes))
            }
            // No annotation observes a distribution.
            Instrument::Histogram(_) => None,
        };
        if recorded.is_none() {
            let dropped = if float(number).is_finite() {
                &mut news.negative
            } else {
                &mut news.not_finite
            };
            dropped.add(descriptor.name);
        }
    }

    /// Adds what makes the sum `now`. If the dimensions are others than before, the sum leaves
    /// the series that it was in.
    fn set(&mut self, instrument: &Instrument, id: usize, now: Level, attributes: Box<[KeyValue]>) {
        let before = self.0.remove(&id);
        let (added, sum) = match &before {
            Some((series, before)) if *series == attributes => now.since(*before),
            _ => {
                if let Some((series, before)) = &before {
                    add_level(instrument, before.negative(), series);
                }
                (now, now)
            }
        };
        add_level(instrument, added, &attributes);
        self.0.insert(id, (attributes, sum));
    }
}

/// Adds what has come since the last time.
fn increase(instrument: &Instrument, id: usize, now: Total, attributes: &[KeyValue]) {
    let mut totals = TOTALS.lock().unwrap_or_else(PoisonError::into_inner);
    let total = totals.entry(id).or_insert(now.zero());
    let (added, sum) = now.since(*total);
    *total = sum;
    drop(totals);
    match (instrument, added) {
        // A counter that did not move has nothing to say.
        (_, added) if added == now.zero() => {}
        (Instrument::Counter(counter), Total::Whole(added)) => counter.add(added, attributes),
        (Instrument::FloatCounter(counter), Total::Float(added)) => counter.add(added, attributes),
        _ => {}
    }
}

fn add_level(instrument: &Instrument, added: Level, attributes: &[KeyValue]) {
    match (instrument, added) {
        (Instrument::UpDownCounter(counter), Level::Whole(added)) => counter.add(added, attributes),
        (Instrument::FloatUpDownCounter(counter), Level::Float(added)) => {
            counter.add(added, attributes);
        }
        _ => {}
    }
}
