//! Recording of observed values: from the latest values to the SDK's instruments.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::{LazyLock, Mutex, PoisonError};

use opentelemetry::{Key, KeyValue};

use crate::descriptor::Kind;
use crate::dynatrace::attribute;
use crate::instrument::{Observed, ObservedNumber as Number, Sample, Seat, Source, all_observed};
use crate::pipeline::bridge::findings::Findings;
use crate::pipeline::bridge::sdk::Instrument;
use crate::pipeline::bridge::streams::{Admission, Claim, MetricId, Metrics, SeriesKey};
use crate::registry::Definition;

/// The dimensions of a series, ordered by their keys.
type Attributes = Box<[KeyValue]>;

/// The totals that were handed over. They belong to the process, so that a pipeline does not send
/// values of the previous pipeline again.
static TOTALS: LazyLock<Mutex<HashMap<Seat, HashMap<Attributes, Total>>>> =
    LazyLock::new(Mutex::default);

/// The dimension of the series of all combinations beyond the limit.
const OVERFLOW: &str = "otel.metric.overflow";

/// The series that observed functions and callbacks have values for.
#[derive(Default)]
pub(crate) struct Levels(HashMap<Seat, Observer>);

/// The series of one source.
#[derive(Default)]
struct Observer {
    series: HashMap<Attributes, Series>,
    /// Whether combinations were ever merged.
    is_full: bool,
}

/// A series that a source has a value for.
struct Series {
    instrument: Instrument,
    attributes: Attributes,
    key: SeriesKey,
    /// `None` for the overflow series, which is always in the first stream.
    claim: Option<Claim>,
    /// The sum that was handed over: the SDK takes additions, and sources have sums. `None` if the
    /// metric is not an up-down counter.
    level: Option<Level>,
}

impl Levels {
    /// Ends the series of sources that are not among `sources`, or that have ended.
    pub(crate) fn end_others(
        &mut self,
        sources: &[Source],
        metrics: &mut Metrics,
        findings: &mut Findings,
    ) {
        let seats: HashSet<_> = sources
            .iter()
            .filter(|source| !source.has_ended())
            .map(Source::seat)
            .collect();
        self.0.retain(|seat, observer| {
            let stays = seats.contains(seat);
            if !stays {
                observer.end_all_but(&HashSet::new(), metrics, findings);
            }
            stays
        });
    }

    /// Hands over the latest values of `source`.
    pub(crate) fn record(
        &mut self,
        source: &Source,
        samples: &[Sample],
        metrics: &mut Metrics,
        findings: &mut Findings,
    ) {
        let descriptor = source.descriptor();
        let metric = match metrics.admission(descriptor) {
            Some(Admission::Admitted(metric)) => metric,
            Some(Admission::Refused) => {
                let points = samples.len() as u64;
                findings.refused.add_points(descriptor.name, points);
                return;
            }
            None => {
                findings.unprepared = true;
                return;
            }
        };
        let observer = self.0.entry(source.seat()).or_default();
        let mut values = Values::of(samples);
        if source.has_several_series()
            && let Some(merged) = observer.take_beyond_limit(source, &mut values)
        {
            if !std::mem::replace(&mut observer.is_full, true) {
                findings.full.push(descriptor);
            }
            values.0.push((overflow(), merged));
        }
        let seen = values.0.iter().map(|(attributes, _)| attributes.clone());
        observer.end_all_but(&seen.collect(), metrics, findings);
        for (attributes, number) in values.0 {
            let recorded = observer.record((source, metric), attributes, number, metrics, findings);
            if !recorded {
                let dropped = if number.to_f64().is_finite() {
                    &mut findings.negative
                } else {
                    &mut findings.not_finite
                };
                dropped.add(descriptor.name);
            }
        }
    }
}

/// The numbers of one poll, by series, in the order recorded.
struct Values(Vec<(Attributes, Number)>);

impl Values {
    /// The last number of each series.
    fn of(samples: &[Sample]) -> Self {
        let mut values: Vec<(Attributes, Number)> = Vec::with_capacity(samples.len());
        let mut indices = HashMap::with_capacity(samples.len());
        for sample in samples {
            let dimensions = sample.dimensions.iter();
            let mut attributes: Attributes = dimensions
                .map(|(key, value)| attribute(Key::from(key.to_string()), value.clone()))
                .collect();
            attributes.sort_by(|a, b| a.key.cmp(&b.key));
            let index = *indices.entry(attributes.clone()).or_insert(values.len());
            match values.get_mut(index) {
                Some((_, number)) => *number = sample.number,
                None => values.push((attributes, sample.number)),
            }
        }
        Self(values)
    }
}

impl Observer {
    /// Takes out the series beyond the limit of the source, and merges their numbers. Known series
    /// come first, then new ones in their order.
    fn take_beyond_limit(&self, source: &Source, values: &mut Values) -> Option<Number> {
        let kind = source.descriptor().kind;
        let limit = source.limit();
        let totals = TOTALS.lock().unwrap_or_else(PoisonError::into_inner);
        let totals = totals.get(&source.seat());
        let (is_known, mut room): (Vec<_>, _) = if kind == Kind::Counter {
            // Totals are kept, so that a series that comes back is not counted twice.
            let is_known = |series| totals.is_some_and(|totals| totals.contains_key(series));
            let known = totals.map_or(0, HashMap::len);
            let is_known = values.0.iter().map(|(series, _)| is_known(series));
            (is_known.collect(), limit.saturating_sub(known))
        } else {
            let is_known = values.0.iter();
            let is_known: Vec<_> = is_known
                .map(|(series, _)| self.series.contains_key(series))
                .collect();
            let known = is_known.iter().filter(|is_known| **is_known).count();
            (is_known, limit.saturating_sub(known))
        };
        let mut is_known = is_known.into_iter();
        let mut merged: Option<Number> = None;
        values.0.retain(|(_, number)| {
            if is_known.next() == Some(true) {
                return true;
            }
            if room > 0 {
                room -= 1;
                return true;
            }
            merged = Some(match merged {
                Some(sum) if kind != Kind::Gauge => sum.plus(*number),
                _ => *number,
            });
            false
        });
        merged
    }

    /// Hands over the number of one series; `false` if the metric cannot have it.
    fn record(
        &mut self,
        (source, metric): (&Source, MetricId),
        attributes: Attributes,
        number: Number,
        metrics: &mut Metrics,
        findings: &mut Findings,
    ) -> bool {
        let series = match self.series.entry(attributes) {
            Entry::Occupied(series) => series.into_mut(),
            Entry::Vacant(place) => {
                let attributes = place.key().clone();
                let key = metrics.key(metric, &attributes);
                let entered = if attributes == overflow() {
                    metrics.first(metric).map(|first| (first, None))
                } else {
                    let entered = metrics.enter(key);
                    entered.map(|(instrument, claim)| (instrument, Some(claim)))
                };
                let Some((instrument, claim)) = entered else {
                    // There is room in the next collection.
                    findings.unprepared = true;
                    return true;
                };
                place.insert(Series {
                    instrument,
                    attributes,
                    key,
                    claim,
                    level: None,
                })
            }
        };
        let recorded =
            match &series.instrument {
                Instrument::Gauge(gauge) => {
                    let value = Some(number.to_f64()).filter(|value| value.is_finite());
                    value.map(|value| gauge.record(value, &series.attributes))
                }
                Instrument::Counter(_) => Total::of(number, false)
                    .map(|now| series.increase(source, now, metrics, findings)),
                Instrument::FloatCounter(_) => Total::of(number, true)
                    .map(|now| series.increase(source, now, metrics, findings)),
                Instrument::UpDownCounter(_) => {
                    Level::of(number, false).map(|now| series.set(now, metrics, findings))
                }
                Instrument::FloatUpDownCounter(_) => {
                    Level::of(number, true).map(|now| series.set(now, metrics, findings))
                }
                // Nothing observes a distribution.
                Instrument::Histogram(_) => None,
            };
        recorded.is_some()
    }

    /// Ends all series but these: sums leave their series.
    fn end_all_but(
        &mut self,
        seen: &HashSet<Attributes>,
        metrics: &mut Metrics,
        findings: &mut Findings,
    ) {
        self.series.retain(|attributes, series| {
            let stays = seen.contains(attributes);
            if !stays {
                if let Some(level) = series.level {
                    series.add(level.negative(), metrics, findings);
                }
                if let Some(claim) = &series.claim {
                    metrics.leave(claim);
                }
            }
            stays
        });
    }
}

/// The dimensions of the overflow series.
fn overflow() -> Attributes {
    Box::new([KeyValue::new(OVERFLOW, true)])
}

impl Series {
    /// Adds the difference to `now` to an up-down counter.
    fn set(&mut self, now: Level, metrics: &mut Metrics, findings: &mut Findings) {
        let Some(before) = self.level else {
            self.add(now.whole(), metrics, findings);
            self.level = Some(now);
            return;
        };
        let (added, sum) = now.since(before);
        if added.is_finite() {
            self.add(added, metrics, findings);
            self.level = Some(sum);
        } else {
            // From one end of the range to the opposite end, in two steps.
            self.add(before.negative(), metrics, findings);
            self.add(now.whole(), metrics, findings);
            self.level = Some(now);
        }
    }

    /// Adds the increase of a counter since the last time.
    fn increase(
        &self,
        source: &Source,
        now: Total,
        metrics: &mut Metrics,
        findings: &mut Findings,
    ) {
        let is_overflow = self.claim.is_none();
        let mut totals = TOTALS.lock().unwrap_or_else(PoisonError::into_inner);
        let totals_of_source = totals.entry(source.seat()).or_default();
        let attributes = if source.has_several_series() {
            self.attributes.clone()
        } else {
            Attributes::default()
        };
        let total = totals_of_source.entry(attributes).or_insert(now.zero());
        let (added, sum) = if is_overflow && now.to_f64() < total.to_f64() {
            // A series has left the sum, and no source began again.
            (now.zero(), now)
        } else {
            now.since(*total)
        };
        *total = sum;
        drop(totals);
        // A counter that did not move exports nothing.
        if added.to_f64() > 0.0 {
            let added = match added {
                Total::Whole(added) => Addition::Whole(added.into()),
                Total::Float(added) => Addition::Float(added),
            };
            self.add(added, metrics, findings);
        }
    }

    fn add(&self, added: Addition, metrics: &mut Metrics, findings: &mut Findings) {
        let Self {
            instrument,
            attributes,
            key,
            ..
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

/// Whether a metric may have values that are not whole: some function returns floats, or a callback
/// may record any number.
pub(crate) fn has_floats(definition: &Definition) -> bool {
    if definition.floats {
        return true;
    }
    let name = definition.first.name;
    let mut named =
        all_observed().filter(|observed| observed.descriptor().name.eq_ignore_ascii_case(name));
    named.any(Observed::is_float)
}

/// The part of a float total by which it may fall through rounding. A function that adds up the same
/// floats in another order returns a slightly different sum.
const ROUNDING: f64 = 1e-9;

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
        let float = number.to_f64();
        if !(float.is_finite() && float >= 0.0) {
            return None;
        }
        Some(match number {
            Number::U64(now) => Self::Whole(now),
            Number::I64(now) => Self::Whole(now.cast_unsigned()),
            Number::F64(now) if floats => Self::Float(now),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the whole part, or the end of the range"
            )]
            Number::F64(now) => Self::Whole(now as u64),
        })
    }

    /// The addition since `before`, and the sum with it. A total that is less than before has begun
    /// again at zero, unless the difference is [an error of rounding](ROUNDING).
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
            (Self::Float(now), Self::Float(sum)) if sum - now <= sum * ROUNDING => {
                (Self::Float(0.0), before)
            }
            (Self::Whole(_), Self::Float(_)) | (Self::Float(_), Self::Whole(_)) => {
                Self::Float(self.to_f64()).since(Self::Float(before.to_f64()))
            }
            _ => (self, self),
        }
    }

    /// The nearest `f64`.
    #[expect(clippy::cast_precision_loss, reason = "the nearest `f64` is enough")]
    fn to_f64(self) -> f64 {
        match self {
            Self::Whole(sum) => sum as f64,
            Self::Float(sum) => sum,
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
        if !number.to_f64().is_finite() {
            return None;
        }
        Some(match number {
            Number::U64(now) => Self::Whole(i64::try_from(now).unwrap_or(i64::MAX)),
            Number::I64(now) => Self::Whole(now),
            Number::F64(now) if floats => Self::Float(now),
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
            (Self::Whole(_), Self::Float(_)) | (Self::Float(_), Self::Whole(_)) => {
                Self::Float(self.to_f64()).since(Self::Float(before.to_f64()))
            }
        }
    }

    /// The nearest `f64`.
    #[expect(clippy::cast_precision_loss, reason = "the nearest `f64` is enough")]
    fn to_f64(self) -> f64 {
        match self {
            Self::Whole(sum) => sum as f64,
            Self::Float(sum) => sum,
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

#[cfg(test)]
mod tests;
