//! Recording of observed values: from the latest values to the SDK's instruments.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use opentelemetry::KeyValue;

use crate::instrument::{Observation, Observed, ObservedNumber as Number, all_observed};
use crate::pipeline::bridge::findings::Findings;
use crate::pipeline::bridge::sdk::{Instrument, attributes};
use crate::pipeline::bridge::streams::{Admission, Metrics, SeriesKey, address};
use crate::registry::Definition;

/// The totals that were handed over, by descriptor. They belong to the process, so that a pipeline
/// does not send again what the previous one sent.
static TOTALS: Mutex<BTreeMap<usize, Total>> = Mutex::new(BTreeMap::new());

/// The sums of up-down counters that were handed over, and their series, by descriptor. The SDK
/// takes additions, and functions return sums.
#[derive(Default)]
pub(crate) struct Levels(HashMap<usize, (Series, Level)>);

/// A series that an observed function has a value for.
struct Series {
    instrument: Instrument,
    attributes: Box<[KeyValue]>,
    key: SeriesKey,
}

impl Levels {
    /// Hands over the latest value of `observed`.
    pub(crate) fn record(
        &mut self,
        observed: &'static Observed,
        observation: &Observation,
        metrics: &mut Metrics,
        findings: &mut Findings,
    ) {
        let descriptor = observed.descriptor();
        let id = address(descriptor);
        let metric = match metrics.admission(descriptor) {
            Some(Admission::Admitted(metric)) => metric,
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
        let series = Series {
            instrument: metrics.first(metric).clone(),
            key: metrics.key(metric, &attributes),
            attributes,
        };
        let number = observation.number;
        let recorded = match &series.instrument {
            Instrument::Gauge(gauge) => {
                let value = Some(float(number)).filter(|value| value.is_finite());
                value.map(|value| gauge.record(value, &series.attributes))
            }
            Instrument::Counter(_) => {
                Total::of(number, false).map(|now| increase(&series, id, now, metrics, findings))
            }
            Instrument::FloatCounter(_) => {
                Total::of(number, true).map(|now| increase(&series, id, now, metrics, findings))
            }
            Instrument::UpDownCounter(_) => {
                Level::of(number, false).map(|now| self.set(series, id, now, metrics, findings))
            }
            Instrument::FloatUpDownCounter(_) => {
                Level::of(number, true).map(|now| self.set(series, id, now, metrics, findings))
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
    fn set(
        &mut self,
        series: Series,
        id: usize,
        now: Level,
        metrics: &mut Metrics,
        findings: &mut Findings,
    ) {
        let before = self.0.remove(&id);
        let mut sum = now;
        match &before {
            Some((same, before)) if same.attributes == series.attributes => {
                let (added, sum_with_it) = now.since(*before);
                if added.is_finite() {
                    series.add(added, metrics, findings);
                    sum = sum_with_it;
                } else {
                    // From one end of the range to the other, in two steps.
                    series.add(before.negative(), metrics, findings);
                    series.add(now.whole(), metrics, findings);
                }
            }
            _ => {
                if let Some((series, before)) = &before {
                    series.add(before.negative(), metrics, findings);
                }
                series.add(now.whole(), metrics, findings);
            }
        }
        self.0.insert(id, (series, sum));
    }
}

/// Adds the increase since the last time.
fn increase(
    series: &Series,
    id: usize,
    now: Total,
    metrics: &mut Metrics,
    findings: &mut Findings,
) {
    let mut totals = TOTALS.lock().unwrap_or_else(PoisonError::into_inner);
    let total = totals.entry(id).or_insert(now.zero());
    let (added, sum) = now.since(*total);
    *total = sum;
    drop(totals);
    // A counter that did not move exports nothing.
    if added != now.zero() {
        let added = match added {
            Total::Whole(added) => Addition::Whole(added.into()),
            Total::Float(added) => Addition::Float(added),
        };
        series.add(added, metrics, findings);
    }
}

impl Series {
    fn add(&self, added: Addition, metrics: &mut Metrics, findings: &mut Findings) {
        let Self {
            instrument,
            attributes,
            key,
        } = self;
        match (instrument, added) {
            (Instrument::FloatCounter(counter), Addition::Float(added)) => {
                counter.add(added, attributes);
            }
            (Instrument::FloatUpDownCounter(counter), Addition::Float(added)) => {
                counter.add(added, attributes);
            }
            (_, Addition::Whole(added)) => {
                metrics.add(*key, instrument, added, attributes, findings);
            }
            _ => {}
        }
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

/// A sum that grows and shrinks, in the type of the instrument.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Level {
    Whole(i64),
    Float(f64),
}

/// An addition to a sum, in the type of the instrument.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Addition {
    Whole(i128),
    Float(f64),
}

impl Addition {
    fn is_finite(self) -> bool {
        match self {
            Self::Whole(_) => true,
            Self::Float(added) => added.is_finite(),
        }
    }
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
    fn since(self, before: Self) -> (Addition, Self) {
        match (self, before) {
            (Self::Whole(now), Self::Whole(before)) => {
                (Addition::Whole(i128::from(now) - i128::from(before)), self)
            }
            (Self::Float(now), Self::Float(before)) => {
                let added = now - before;
                // The sum as the SDK computes it: a rounding error is in the next addition.
                (Addition::Float(added), Self::Float(before + added))
            }
            _ => (self.whole(), self),
        }
    }

    /// The addition that makes this the sum of a series without one.
    fn whole(self) -> Addition {
        match self {
            Self::Whole(now) => Addition::Whole(now.into()),
            Self::Float(now) => Addition::Float(now),
        }
    }

    /// The addition that makes the sum zero.
    fn negative(self) -> Addition {
        match self {
            Self::Whole(now) => Addition::Whole(-i128::from(now)),
            Self::Float(now) => Addition::Float(-now),
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
