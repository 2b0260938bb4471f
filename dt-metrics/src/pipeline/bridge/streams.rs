//! Streams: the SDK's instruments of each metric.
//!
//! The SDK keeps 2,000 series of an instrument and merges all further ones into its overflow series,
//! unless a view sets another limit. A view would reach only providers that this crate builds, and
//! would void the views of the program there. So a metric with more series than that has several
//! instruments with the same name, in scopes that differ in nothing but their schema URL. Each view
//! of the program applies to all of them.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::metrics::SdkMeterProvider;

use super::findings::Findings;
use super::sdk::Instrument;
use super::sums::{Addition, Sum};
use crate::descriptor::{Descriptor, Kind};
use crate::dynatrace::{SCOPE, STREAM_SCHEMA};
use crate::registry::Definition;

/// The series that the SDK keeps of one instrument.
const SERIES_PER_STREAM: usize = 2_000;

/// The meters of the streams, the first stream's first.
pub(super) struct Meters {
    provider: SdkMeterProvider,
    meters: Vec<Meter>,
}

impl Meters {
    pub(super) fn new(provider: SdkMeterProvider) -> Self {
        Self {
            provider,
            meters: Vec::new(),
        }
    }

    /// The meter for the streams with this index.
    pub(super) fn get(&mut self, stream: usize) -> &Meter {
        while self.meters.len() <= stream {
            let mut scope =
                InstrumentationScope::builder(SCOPE).with_version(env!("CARGO_PKG_VERSION"));
            if !self.meters.is_empty() {
                scope = scope.with_schema_url(format!("{STREAM_SCHEMA}{}", self.meters.len() + 1));
            }
            self.meters
                .push(self.provider.meter_with_scope(scope.build()));
        }
        &self.meters[stream]
    }
}

/// The index of a metric.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct MetricId(usize);

/// Whether the instrument of a descriptor is exported.
#[derive(Clone, Copy)]
pub(super) enum Admission {
    Admitted(MetricId),
    /// Another instrument has its name.
    Refused,
}

/// All metrics, and to which one each descriptor belongs.
#[derive(Default)]
pub(super) struct Metrics {
    /// By the [`address`] of the descriptor.
    admissions: HashMap<usize, Admission>,
    all: Vec<Metric>,
    /// By the name in lower case.
    by_name: HashMap<String, MetricId>,
    hasher: RandomState,
}

struct Metric {
    definition: Definition,
    /// At least one.
    streams: Vec<Stream>,
    /// The streams of all series with a route, by the hash of their attributes.
    places: HashMap<u64, Place>,
    /// Whether a series found no room.
    is_full: bool,
    /// The sums of counters and up-down counters, by the hash of their attributes.
    sums: HashMap<u64, Sum>,
    /// Whether a sum was out of range.
    is_saturated: bool,
}

struct Stream {
    instrument: Instrument,
    series: usize,
}

struct Place {
    stream: usize,
    /// The slots that have these attributes: instruments with the same name share a series.
    slots: usize,
}

/// A series: its metric and the hash of its attributes.
#[derive(Clone, Copy, Debug)]
pub(super) struct SeriesKey {
    metric: MetricId,
    hash: u64,
}

/// A series' claim to its stream, to be given back with [`Metrics::leave`].
pub(super) struct Claim(SeriesKey);

/// Distinguishes descriptors: each is a static of its own.
pub(super) fn address(descriptor: &'static Descriptor) -> usize {
    core::ptr::from_ref(descriptor).addr()
}

impl Metrics {
    /// The admission of a descriptor; `None` if it was never considered.
    pub(super) fn admission(&self, descriptor: &'static Descriptor) -> Option<Admission> {
        self.admissions.get(&address(descriptor)).copied()
    }

    pub(super) fn refuse(&mut self, descriptor: &'static Descriptor) {
        self.admissions
            .insert(address(descriptor), Admission::Refused);
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Makes `descriptor` one of the metric of this definition. `instrument` is the metric's first
    /// one, if it has none yet.
    pub(super) fn admit(
        &mut self,
        descriptor: &'static Descriptor,
        definition: Definition,
        instrument: Option<Instrument>,
    ) {
        let known = self.by_name.get(&definition.name).copied();
        let id = match (known, instrument) {
            (Some(id), _) => id,
            (None, None) => return,
            (None, Some(instrument)) => {
                let id = MetricId(self.all.len());
                self.by_name.insert(definition.name.clone(), id);
                self.all.push(Metric {
                    definition,
                    streams: vec![Stream {
                        instrument,
                        series: 0,
                    }],
                    places: HashMap::new(),
                    is_full: false,
                    sums: HashMap::new(),
                    is_saturated: false,
                });
                id
            }
        };
        self.admissions
            .insert(address(descriptor), Admission::Admitted(id));
    }

    /// The metric's first instrument.
    pub(super) fn first(&self, MetricId(id): MetricId) -> &Instrument {
        &self.all[id].streams[0].instrument
    }

    /// The series of a metric with these attributes.
    pub(super) fn key(&self, metric: MetricId, attributes: &[KeyValue]) -> SeriesKey {
        // In any order: the attributes of a series have none.
        let hash = attributes.iter().fold(0_u64, |sum, attribute| {
            sum.wrapping_add(self.hasher.hash_one(attribute))
        });
        SeriesKey { metric, hash }
    }

    /// Finds the stream of a series; `None` if all streams are full.
    pub(super) fn enter(&mut self, series: SeriesKey) -> Option<(Instrument, Claim)> {
        let SeriesKey { metric, hash } = series;
        let MetricId(id) = metric;
        let Metric {
            streams,
            places,
            is_full,
            ..
        } = &mut self.all[id];
        let stream = if let Some(place) = places.get_mut(&hash) {
            place.slots += 1;
            place.stream
        } else {
            let with_room = |stream: &Stream| stream.series < SERIES_PER_STREAM;
            let Some(stream) = streams.iter().position(with_room) else {
                *is_full = true;
                return None;
            };
            streams[stream].series += 1;
            places.insert(hash, Place { stream, slots: 1 });
            stream
        };
        let instrument = streams[stream].instrument.clone();
        Some((instrument, Claim(series)))
    }

    /// Frees a place.
    pub(super) fn leave(&mut self, claim: &Claim) {
        let Claim(SeriesKey { metric, hash }) = *claim;
        let MetricId(id) = metric;
        let Metric {
            streams,
            places,
            sums,
            ..
        } = &mut self.all[id];
        let Some(place) = places.get_mut(&hash) else {
            return;
        };
        place.slots -= 1;
        if place.slots == 0 {
            streams[place.stream].series -= 1;
            places.remove(&hash);
            // The SDK may have the sum still.
            if sums.get(&hash).is_some_and(|sum| !sum.is_large()) {
                sums.remove(&hash);
            }
        }
    }

    /// Begins the sums of all counters again.
    pub(super) fn reset_counters(&mut self) {
        for metric in &mut self.all {
            if metric.definition.first.kind == Kind::Counter {
                metric.sums.clear();
            }
        }
    }

    /// Adds a whole number to a series.
    pub(super) fn add(
        &mut self,
        series: SeriesKey,
        instrument: &Instrument,
        added: i128,
        attributes: &[KeyValue],
        findings: &mut Findings,
    ) {
        let (min, max) = match instrument {
            Instrument::Counter(_) => (0, u64::MAX.into()),
            Instrument::UpDownCounter(_) => (i64::MIN.into(), i64::MAX.into()),
            Instrument::FloatCounter(counter) => return counter.add(float(added), attributes),
            Instrument::FloatUpDownCounter(counter) => {
                return counter.add(float(added), attributes);
            }
            // The cells of a histogram count its timers.
            Instrument::Histogram(_) | Instrument::Gauge(_) => return,
        };
        let MetricId(id) = series.metric;
        let sum = self.all[id].sums.entry(series.hash).or_default();
        let Addition {
            number,
            is_saturated,
        } = sum.add(added, min, max);
        if is_saturated {
            self.note_saturated(series, findings);
        }
        match instrument {
            // A counter that does not move exports nothing.
            Instrument::Counter(counter) if number != 0 => {
                counter.add(u64::try_from(number).unwrap_or(u64::MAX), attributes);
            }
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a step from one end of the range to the opposite end wraps around in the SDK's addition"
            )]
            Instrument::UpDownCounter(counter) => counter.add(number as i64, attributes),
            _ => {}
        }
    }

    /// Notes that the sum of a series is out of range.
    fn note_saturated(&mut self, series: SeriesKey, findings: &mut Findings) {
        let MetricId(id) = series.metric;
        let metric = &mut self.all[id];
        let first = metric.definition.first;
        findings.saturated.add(first.name);
        if !std::mem::replace(&mut metric.is_saturated, true) {
            findings.saturating.push(first);
        }
    }

    /// A metric that needs another stream, with the index of that stream.
    pub(super) fn full(&self) -> Option<(MetricId, Definition, usize)> {
        let index = self.all.iter().position(|metric| metric.is_full)?;
        let metric = &self.all[index];
        let definition = metric.definition.clone();
        Some((MetricId(index), definition, metric.streams.len()))
    }

    /// Adds a stream.
    pub(super) fn extend(&mut self, MetricId(id): MetricId, instrument: Instrument) {
        let metric = &mut self.all[id];
        metric.is_full = false;
        metric.streams.push(Stream {
            instrument,
            series: 0,
        });
    }
}

/// The nearest `f64`.
#[expect(clippy::cast_precision_loss, reason = "the nearest `f64` is enough")]
fn float(number: i128) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests;
