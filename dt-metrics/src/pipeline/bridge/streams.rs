//! Streams: the SDK's instruments of each metric.
//!
//! The SDK keeps 2,000 series of an instrument and merges all further ones into its overflow series,
//! unless a view sets another limit. So a metric with more series has several instruments with the
//! same name, in scopes that differ in nothing but their schema URL. Each view of the program applies
//! to all of them.
//!
//! The SDK reserves memory for as many series as the limit allows. In a provider that the pipeline
//! builds, and for which the program has no views, a [view](Limits::by_view) lowers the limit of
//! metrics that can have fewer series. With views of the program, that view would add a stream to
//! each instrument that the program renames.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::metrics::{MeterProviderBuilder, SdkMeterProvider, Stream as SdkStream};

use super::findings::Findings;
use super::sdk::Instrument;
use super::sums::{Addition, LargeSums, Sum};
use crate::descriptor::{Descriptor, Kind, SeriesCount};
use crate::dynatrace::{SCOPE, STREAM_SCHEMA};
use crate::instrument::Series;
use crate::registry::Definition;

/// The series that the SDK keeps of one instrument, unless a view sets another limit.
const SERIES_PER_STREAM: usize = 2_000;

/// The series of one instrument if the pipeline has a view: as many as fit into the memory that the SDK
/// reserves for [`SERIES_PER_STREAM`], a map of 4,096 buckets of which 7/8 are used. The SDK needs one
/// for its overflow series.
const SERIES_PER_LIMITED_STREAM: usize = 4_096 / 8 * 7 - 1;

/// Stands for the SDK's own limit.
const SDK_LIMIT: usize = 0;

/// The limits of series that streams have.
#[derive(Clone, Debug, Default)]
pub(in crate::pipeline) struct Limits {
    /// The limit of the instrument that the bridge makes next, for the view. `None` without a view.
    next: Option<Arc<AtomicUsize>>,
    /// Whether an instrument whose number of series is unknown before its first use is made then.
    /// Its first collection may come a moment too early for that.
    wait_for_use: bool,
}

impl Limits {
    /// Adds a view to a provider, unless the program has added views. With `wait_for_use`, all
    /// collections must be [prepared](super::Bridge::prepare).
    pub(in crate::pipeline) fn by_view(
        provider: MeterProviderBuilder,
        wait_for_use: bool,
    ) -> (MeterProviderBuilder, Self) {
        if has_views(&provider) {
            return (provider, Self::default());
        }
        let next = Arc::new(AtomicUsize::new(SDK_LIMIT));
        let limits = Self {
            next: Some(Arc::clone(&next)),
            wait_for_use,
        };
        let view = move |instrument: &opentelemetry_sdk::metrics::Instrument| {
            if instrument.scope().name() != SCOPE {
                return None;
            }
            match next.load(Ordering::Relaxed) {
                SDK_LIMIT => None,
                limit => SdkStream::builder()
                    .with_cardinality_limit(limit)
                    .build()
                    .ok(),
            }
        };
        (provider.with_view(view), limits)
    }

    /// The most series of one stream.
    fn most(&self) -> usize {
        match self.next {
            Some(_) => SERIES_PER_LIMITED_STREAM,
            None => SERIES_PER_STREAM,
        }
    }

    /// Whether the instrument of this descriptor is made when it is used.
    fn wait_for(&self, descriptor: &Descriptor) -> bool {
        self.wait_for_use && descriptor.series == SeriesCount::AtFirstUse
    }
}

/// Whether a provider has views, which only the text for debugging tells. If that text ever changes,
/// each provider seems to have some, and the SDK's limit stays.
fn has_views(provider: &MeterProviderBuilder) -> bool {
    !format!("{provider:?}").ends_with("views: 0 }")
}

/// The meters of the streams, the first stream's first.
pub(super) struct Meters {
    provider: SdkMeterProvider,
    of_streams: Vec<Meter>,
    limits: Limits,
}

impl Meters {
    pub(super) fn new(provider: SdkMeterProvider, limits: Limits) -> Self {
        Self {
            provider,
            of_streams: Vec::new(),
            limits,
        }
    }

    pub(super) fn provider(&self) -> &SdkMeterProvider {
        &self.provider
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Runs `make`, which makes one instrument, with this limit of its series.
    pub(super) fn limited<T>(&mut self, limit: usize, make: impl FnOnce(&mut Self) -> T) -> T {
        let next = self.limits.next.clone();
        let set = |limit| {
            if let Some(next) = &next {
                next.store(limit, Ordering::Relaxed);
            }
        };
        set(limit);
        let result = make(self);
        set(SDK_LIMIT);
        result
    }

    /// The meter for the streams with this index.
    pub(super) fn get(&mut self, stream: usize) -> &Meter {
        while self.of_streams.len() <= stream {
            let mut scope =
                InstrumentationScope::builder(SCOPE).with_version(env!("CARGO_PKG_VERSION"));
            if !self.of_streams.is_empty() {
                scope =
                    scope.with_schema_url(format!("{STREAM_SCHEMA}{}", self.of_streams.len() + 1));
            }
            self.of_streams
                .push(self.provider.meter_with_scope(scope.build()));
        }
        &self.of_streams[stream]
    }
}

/// The index of a metric.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct MetricId(u32);

impl MetricId {
    fn index(self) -> usize {
        self.0 as usize
    }
}

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
    /// All series with a route or a sum, by the hash of their metric and attributes. One map is smaller
    /// than a map for each metric, since most metrics have few series.
    series: AllKnown,
    large_sums: LargeSums,
    hasher: RandomState,
}

struct Metric {
    definition: Definition,
    /// The descriptor that was admitted first. Nearly all metrics have no others.
    descriptor: &'static Descriptor,
    other_descriptors: Vec<&'static Descriptor>,
    streams: Vec<Stream>,
    /// Whether it needs another stream.
    is_full: bool,
    /// Whether a sum was out of range.
    is_saturated: bool,
}

struct Stream {
    instrument: Instrument,
    series: usize,
    /// The most series.
    limit: usize,
}

/// A stream that a metric needs.
pub(super) struct Missing {
    pub(super) metric: MetricId,
    pub(super) definition: Definition,
    /// The index of the stream.
    pub(super) stream: usize,
    pub(super) limit: usize,
}

/// The series that instruments have now.
#[derive(Default)]
pub(super) struct Used(HashMap<usize, UsedSeries>);

#[derive(Default)]
struct UsedSeries {
    series: usize,
    /// Whether there can be any number more.
    can_be_more: bool,
}

impl Used {
    pub(super) fn add(&mut self, series: &Series) {
        let used = self.0.entry(address(series.descriptor)).or_default();
        used.series += 1;
        used.can_be_more |= series.is_one_of_any_number;
    }

    /// The most series of an instrument, if that is known.
    fn most(&self, descriptor: &'static Descriptor) -> Option<usize> {
        match descriptor.series {
            SeriesCount::AtMost(series) => usize::try_from(series).ok(),
            SeriesCount::AtFirstUse => {
                let used = self.0.get(&address(descriptor))?;
                (!used.can_be_more).then_some(used.series)
            }
            SeriesCount::Open => None,
        }
    }
}

/// A series with a place in a stream, or with a sum.
struct Known {
    /// The index of its stream, if it has a place.
    stream: u16,
    is_counter: bool,
    /// The slots that have these attributes: instruments with the same name share a series. Without
    /// slots, it has no place.
    slots: u32,
    /// The sum of a counter or an up-down counter.
    sum: Sum,
}

impl Known {
    fn new(kind: Kind) -> Self {
        Self {
            stream: 0,
            is_counter: kind == Kind::Counter,
            slots: 0,
            sum: Sum::default(),
        }
    }
}

/// Series by their hashes, which are not hashed again.
type AllKnown = HashMap<u64, Known, BuildHasherDefault<OwnHash>>;

/// The hash of a number that is a hash already.
#[derive(Default)]
struct OwnHash(u64);

impl Hasher for OwnHash {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64((*byte).into());
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = self.0.rotate_left(8) ^ hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A series: its metric, and the hash of metric and attributes.
#[derive(Clone, Copy, Debug)]
pub(super) struct SeriesKey {
    pub(super) metric: MetricId,
    pub(super) hash: u64,
}

/// A series' claim to its stream, to be given back with [`Metrics::leave`].
pub(super) struct Claim(pub(super) SeriesKey);

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

    /// Makes `descriptor` one of the metric of this definition.
    pub(super) fn admit(
        &mut self,
        descriptor: &'static Descriptor,
        definition: Definition,
        limits: &Limits,
    ) {
        let id = if let Some(Admission::Admitted(id)) = self.admission(definition.first) {
            id
        } else {
            let Ok(id) = u32::try_from(self.all.len()) else {
                return self.refuse(descriptor);
            };
            self.all.push(Metric::new(definition.clone(), descriptor));
            MetricId(id)
        };
        let metric = &mut self.all[id.index()];
        if metric.streams.is_empty() {
            // A later descriptor may state what an earlier one leaves out.
            metric.definition = definition;
        }
        if !core::ptr::eq(metric.descriptor, descriptor) {
            metric.other_descriptors.push(descriptor);
        }
        metric.is_full |= !limits.wait_for(descriptor) && metric.has_too_little_room();
        self.admissions
            .insert(address(descriptor), Admission::Admitted(id));
    }

    /// The metric's first instrument, if it has one.
    pub(super) fn first(&mut self, id: MetricId) -> Option<Instrument> {
        let metric = &mut self.all[id.index()];
        let first = metric
            .streams
            .first()
            .map(|stream| stream.instrument.clone());
        metric.is_full |= first.is_none();
        first
    }

    /// The series of a metric with these attributes.
    pub(super) fn key(&self, metric: MetricId, attributes: &[KeyValue]) -> SeriesKey {
        // In any order: the attributes of a series have none.
        let of_metric = self.hasher.hash_one(metric.0);
        let hash = attributes.iter().fold(of_metric, |sum, attribute| {
            sum.wrapping_add(self.hasher.hash_one(attribute))
        });
        SeriesKey { metric, hash }
    }

    /// The instrument of a stream, if there is that stream.
    pub(super) fn instrument(&self, id: MetricId, stream: u16) -> Option<&Instrument> {
        let stream = self.all[id.index()].streams.get(usize::from(stream))?;
        Some(&stream.instrument)
    }

    /// Finds the instrument of a series; `None` if all streams are full.
    pub(super) fn enter(&mut self, series: SeriesKey) -> Option<(Instrument, Claim)> {
        let stream = self.enter_stream(series)?;
        let instrument = self.instrument(series.metric, stream)?.clone();
        Some((instrument, Claim(series)))
    }

    /// Finds the stream of a series; `None` if all streams are full. Its [`Claim`] is to be given back.
    pub(super) fn enter_stream(&mut self, series: SeriesKey) -> Option<u16> {
        let SeriesKey { metric, hash } = series;
        let Metric {
            definition,
            streams,
            is_full,
            ..
        } = &mut self.all[metric.index()];
        Some(match self.series.get_mut(&hash) {
            Some(known) if known.slots > 0 => {
                known.slots += 1;
                known.stream
            }
            _ => {
                let mut streams = (0..=u16::MAX).zip(&mut *streams);
                let with_room = |(_, stream): &(u16, &mut Stream)| stream.series < stream.limit;
                let Some((index, stream)) = streams.find(with_room) else {
                    *is_full = true;
                    return None;
                };
                stream.series += 1;
                let known = self.series.entry(hash);
                let known = known.or_insert_with(|| Known::new(definition.first.kind));
                (known.stream, known.slots) = (index, 1);
                index
            }
        })
    }

    /// Frees a place.
    pub(super) fn leave(&mut self, claim: &Claim) {
        let Claim(SeriesKey { metric, hash }) = *claim;
        let known = self.series.get_mut(&hash);
        let Some(known) = known.filter(|known| known.slots > 0) else {
            return;
        };
        known.slots -= 1;
        if known.slots == 0 {
            self.all[metric.index()].streams[usize::from(known.stream)].series -= 1;
            // The SDK may have the sum still.
            if !known.sum.is_large() {
                self.series.remove(&hash);
            }
        }
    }

    /// Begins the sums of all counters again.
    pub(super) fn reset_counters(&mut self) {
        let large = &mut self.large_sums;
        self.series.retain(|hash, known| {
            if known.is_counter {
                known.sum.reset(large, *hash);
            }
            known.slots > 0 || !known.is_counter
        });
    }

    /// Adds a whole number to a series, in a stream that it has.
    pub(super) fn add_to_stream(
        &mut self,
        series: SeriesKey,
        stream: u16,
        added: i128,
        attributes: &[KeyValue],
        findings: &mut Findings,
    ) {
        let metric = &mut self.all[series.metric.index()];
        let Some(stream) = metric.streams.get(usize::from(stream)) else {
            return;
        };
        let mut sum = SumOf {
            all: &mut self.series,
            large: &mut self.large_sums,
            hash: series.hash,
            first: metric.definition.first,
            is_saturated: &mut metric.is_saturated,
        };
        sum.add(&stream.instrument, added, attributes, findings);
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
        let metric = &mut self.all[series.metric.index()];
        let mut sum = SumOf {
            all: &mut self.series,
            large: &mut self.large_sums,
            hash: series.hash,
            first: metric.definition.first,
            is_saturated: &mut metric.is_saturated,
        };
        sum.add(instrument, added, attributes, findings);
    }

    /// The streams that metrics need. `used` returns the series that instruments have.
    pub(super) fn missing(&self, limits: &Limits, used: impl FnOnce() -> Used) -> Vec<Missing> {
        let all = (0..).map(MetricId).zip(&self.all);
        let mut full = all.filter(|(_, metric)| metric.is_full).peekable();
        if full.peek().is_none() {
            return Vec::new();
        }
        let used = used();
        full.map(|(id, metric)| Missing {
            metric: id,
            definition: metric.definition.clone(),
            stream: metric.streams.len(),
            limit: metric.limit(&used, limits.most()),
        })
        .collect()
    }

    /// Adds a stream for this many series.
    pub(super) fn extend(&mut self, id: MetricId, instrument: Instrument, limit: usize) {
        let metric = &mut self.all[id.index()];
        metric.is_full = false;
        let stream = Stream {
            instrument,
            series: 0,
            limit,
        };
        if metric.streams.is_empty() {
            // Nearly all metrics have one stream: the list has no room for more.
            metric.streams.reserve_exact(1);
        }
        metric.streams.push(stream);
    }
}

/// The sum of one series.
struct SumOf<'a> {
    all: &'a mut AllKnown,
    large: &'a mut LargeSums,
    hash: u64,
    /// The first descriptor of the metric.
    first: &'static Descriptor,
    /// Whether a sum of the metric was out of range.
    is_saturated: &'a mut bool,
}

impl SumOf<'_> {
    fn add(
        &mut self,
        instrument: &Instrument,
        added: i128,
        attributes: &[KeyValue],
        findings: &mut Findings,
    ) {
        let range = match instrument {
            Instrument::Counter(_) => (0, u64::MAX.into()),
            Instrument::UpDownCounter(_) => (i64::MIN.into(), i64::MAX.into()),
            Instrument::FloatCounter(counter) => return counter.add(float(added), attributes),
            Instrument::FloatUpDownCounter(counter) => {
                return counter.add(float(added), attributes);
            }
            // The cells of a histogram count its timers.
            Instrument::Histogram(_) | Instrument::Gauge(_) => return,
        };
        let known = self.all.entry(self.hash);
        let known = known.or_insert_with(|| Known::new(self.first.kind));
        let Addition {
            number,
            is_saturated,
        } = known.sum.add(self.large, self.hash, added, range);
        if is_saturated {
            findings.saturated.add(self.first.name);
            if !std::mem::replace(self.is_saturated, true) {
                findings.saturating.push(self.first);
            }
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
}

impl Metric {
    fn new(definition: Definition, descriptor: &'static Descriptor) -> Self {
        Self {
            definition,
            descriptor,
            other_descriptors: Vec::new(),
            streams: Vec::new(),
            is_full: false,
            is_saturated: false,
        }
    }

    fn descriptors(&self) -> impl Iterator<Item = &'static Descriptor> {
        let others = self.other_descriptors.iter().copied();
        iter::once(self.descriptor).chain(others)
    }

    /// Whether the streams may have too little room for the series of the descriptors. Observers need
    /// the room before they have values.
    fn has_too_little_room(&self) -> bool {
        let room: usize = self.streams.iter().map(|stream| stream.limit).sum();
        let none = Used::default();
        let all = self.descriptors().map(|descriptor| none.most(descriptor));
        let series = all.sum::<Option<usize>>().unwrap_or(SERIES_PER_STREAM);
        room < series.clamp(1, SERIES_PER_STREAM)
    }

    /// The most series of its next stream, which are at most `most`.
    fn limit(&self, used: &Used, most: usize) -> usize {
        let all = self.descriptors().map(|descriptor| used.most(descriptor));
        match all.sum::<Option<usize>>() {
            // The SDK accepts no limit of 0. Further streams are for series that came unexpectedly.
            Some(series) if self.streams.is_empty() => series.clamp(1, most),
            _ => most,
        }
    }
}

/// The nearest `f64`.
#[expect(clippy::cast_precision_loss, reason = "the nearest `f64` is enough")]
fn float(number: i128) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests;
