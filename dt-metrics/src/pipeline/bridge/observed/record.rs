//! Recording of observed values: from the latest values to the SDK's instruments.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use opentelemetry::KeyValue;

use crate::instrument::{Observation, Observed, ObservedNumber as Number, all_observed};
use crate::pipeline::bridge::routing::Findings;
use crate::pipeline::bridge::sdk::{Instrument, attributes};
use crate::pipeline::bridge::streams::{Admission, Metrics, address};
use crate::registry::Definition;

/// The totals that were handed over, by descriptor. They belong to the process, so that a pipeline
/// does not send again what the previous one sent.
static TOTALS: Mutex<BTreeMap<usize, Total>> = Mutex::new(BTreeMap::new());

/// The sums of up-down counters that were handed over, and their series, by descriptor. The SDK
/// takes additions, and functions return sums.
#[derive(Default)]
pub(crate) struct Levels(HashMap<usize, (Box<[KeyValue]>, Level)>);

impl Levels {
    /// Hands over the latest value of `observed`.
    pub(crate) fn record(
        &mut self,
        observed: &'static Observed,
        observation: &Observation,
        metrics: &Metrics,
        findings: &mut Findings,
    ) {
        let descriptor = observed.descriptor();
        let id = address(descriptor);
        let instrument = match metrics.admission(descriptor) {
            Some(Admission::Admitted(metric)) => metrics.first(metric),
            Some(Admission::Refused) => {
                findings.refused.add(descriptor.name);
                return;
            }
            None => {
                findings.unprepared = true;
                return;
            }
        };
        let values = observation.values.iter().map(Option::as_ref);
        let dimensions = descriptor.dimension_keys.iter().zip(values);
        let attributes = attributes(dimensions.filter_map(|(key, value)| Some((*key, value?))));
        let number = observation.number;
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
                &mut findings.negative
            } else {
                &mut findings.not_finite
            };
            dropped.add(descriptor.name);
        }
    }

    /// Adds the difference to `now`. If the dimensions have changed, the sum leaves its previous
    /// series.
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

/// Adds the increase since the last time.
fn increase(instrument: &Instrument, id: usize, now: Total, attributes: &[KeyValue]) {
    let mut totals = TOTALS.lock().unwrap_or_else(PoisonError::into_inner);
    let total = totals.entry(id).or_insert(now.zero());
    let (added, sum) = now.since(*total);
    *total = sum;
    drop(totals);
    match (instrument, added) {
        // A counter that did not move exports nothing.
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

/// Whether a metric has values that are not whole: some function returns floats.
pub(crate) fn has_floats(definition: &Definition) -> bool {
    let name = definition.first.name;
    let mut named =
        all_observed().filter(|observed| observed.descriptor().name.eq_ignore_ascii_case(name));
    named.any(Observed::is_float)
}

/// A sum that only grows, or an addition to it, in the type of the instrument.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Total {
    Whole(u64),
    Float(f64),
}

/// A sum that grows and shrinks, or an addition to it, in the type of the instrument.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Level {
    Whole(i64),
    Float(f64),
}

impl Total {
    /// The number as a total; `None` if it is below zero, NaN or infinite.
    fn of(number: Number, floats: bool) -> Option<Self> {
        let float = float(number);
        if !(float.is_finite() && float >= 0.0) {
            return None;
        }
        Some(match number {
            _ if floats => Self::Float(float),
            Number::U64(now) => Self::Whole(now),
            Number::I64(now) => Self::Whole(now.cast_unsigned()),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the whole part, or the end of the range"
            )]
            Number::F64(now) => Self::Whole(now as u64),
        })
    }

    /// The addition since `before`, and the sum with it. A total that is less than before has begun
    /// again at zero.
    fn since(self, before: Self) -> (Self, Self) {
        match (self, before) {
            (Self::Whole(now), Self::Whole(before)) if before <= now => {
                (Self::Whole(now - before), self)
            }
            (Self::Float(now), Self::Float(before)) if before <= now => {
                let added = now - before;
                // The sum as its receivers compute it: a rounding error is in the next addition.
                (Self::Float(added), Self::Float(before + added))
            }
            _ => (self, self),
        }
    }

    /// Zero, of the same type.
    fn zero(self) -> Self {
        match self {
            Self::Whole(_) => Self::Whole(0),
            Self::Float(_) => Self::Float(0.0),
        }
    }
}

impl Level {
    /// The number as a level; `None` if it is NaN or infinite.
    fn of(number: Number, floats: bool) -> Option<Self> {
        let float = float(number);
        if !float.is_finite() {
            return None;
        }
        Some(match number {
            _ if floats => Self::Float(float),
            Number::U64(now) => Self::Whole(i64::try_from(now).unwrap_or(i64::MAX)),
            Number::I64(now) => Self::Whole(now),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the whole part, or the end of the range"
            )]
            Number::F64(now) => Self::Whole(now as i64),
        })
    }

    /// The addition to `before`, and the sum with it.
    fn since(self, before: Self) -> (Self, Self) {
        match (self, before) {
            // Sums of the SDK also wrap around.
            (Self::Whole(now), Self::Whole(before)) => {
                (Self::Whole(now.wrapping_sub(before)), self)
            }
            (Self::Float(now), Self::Float(before)) => {
                let added = now - before;
                // The sum as the SDK computes it: a rounding error is in the next addition.
                (Self::Float(added), Self::Float(before + added))
            }
            _ => (self, self),
        }
    }

    /// The addition that makes the sum zero.
    fn negative(self) -> Self {
        match self {
            Self::Whole(now) => Self::Whole(now.wrapping_neg()),
            Self::Float(now) => Self::Float(-now),
        }
    }
}

/// The nearest `f64`.
#[expect(clippy::cast_precision_loss, reason = "as it says")]
fn float(number: Number) -> f64 {
    match number {
        Number::U64(now) => now as f64,
        Number::I64(now) => now as f64,
        Number::F64(now) => now,
    }
}

#[cfg(test)]
mod tests;
