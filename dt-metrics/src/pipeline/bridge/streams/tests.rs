//! Tests of the streams of a metric.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::{
    AggregatedMetrics, MetricData, ResourceMetrics, ScopeMetrics,
};
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{
    MeterProviderBuilder, PeriodicReader, SdkMeterProvider, Temporality,
};

use super::{
    Admission, Claim, Limits, Meters, MetricId, Metrics, Missing, SERIES_PER_LIMITED_STREAM,
    SERIES_PER_STREAM, Used, UsedSeries, address, has_views,
};
use crate::descriptor::{Descriptor, Kind, SeriesCount};
use crate::pipeline::bridge::sdk::{Instrument, create};
use crate::registry::Names;

static COUNTER: Descriptor = Descriptor::new(Kind::Counter, "streams.test", "", "", 0);

/// The metric of `descriptors`, all of which have the same name.
fn metrics_of(descriptors: &[&'static Descriptor], limits: &Limits) -> (Metrics, MetricId) {
    let mut names = Names::default();
    let mut metrics = Metrics::default();
    for descriptor in descriptors {
        names.admit(descriptor).unwrap();
        let definition = names.definition(descriptor).unwrap();
        metrics.admit(descriptor, definition, limits);
    }
    let Some(Admission::Admitted(id)) = metrics.admission(descriptors[0]) else {
        panic!("it was admitted");
    };
    (metrics, id)
}

fn metrics() -> (Metrics, MetricId, impl Fn() -> Instrument) {
    let (mut metrics, id) = metrics_of(&[&COUNTER], &Limits::default());
    let definition = metrics.all[0].definition.clone();
    let meter = SdkMeterProvider::default().meter("test");
    let instrument = move || create(&meter, &definition, false, false);
    let missing = metrics.missing(&Limits::default(), Used::default);
    assert_eq!((missing[0].metric, missing[0].stream), (id, 0));
    metrics.extend(id, instrument(), missing[0].limit);
    (metrics, id, instrument)
}

fn enter(metrics: &mut Metrics, id: MetricId, series: &[KeyValue]) -> Option<(Instrument, Claim)> {
    let key = metrics.key(id, series);
    metrics.enter(key)
}

fn series(number: usize) -> [KeyValue; 1] {
    [KeyValue::new("k", i64::try_from(number).unwrap())]
}

#[test]
fn a_stream_takes_as_many_series_as_the_sdk_keeps_and_further_ones_need_another() {
    let (mut metrics, id, instrument) = metrics();
    let claims: Vec<_> = (0..SERIES_PER_STREAM)
        .map(|number| enter(&mut metrics, id, &series(number)).unwrap().1)
        .collect();
    assert!(
        metrics
            .missing(&Limits::default(), Used::default)
            .is_empty()
    );
    assert!(enter(&mut metrics, id, &series(usize::MAX / 4)).is_none());
    let Missing {
        metric,
        stream,
        limit,
        ..
    } = metrics
        .missing(&Limits::default(), Used::default)
        .pop()
        .unwrap();
    assert_eq!((metric, stream, limit), (id, 1, SERIES_PER_STREAM));
    metrics.extend(metric, instrument(), limit);
    assert!(
        metrics
            .missing(&Limits::default(), Used::default)
            .is_empty()
    );
    assert!(enter(&mut metrics, id, &series(usize::MAX / 4)).is_some());

    // A series that leaves makes room in its own stream.
    metrics.leave(&claims[7]);
    let (_, claim) = enter(&mut metrics, id, &series(SERIES_PER_STREAM)).unwrap();
    assert_eq!(metrics.series[&claim.0.hash].stream, 0);
}

#[test]
fn the_same_attributes_in_any_order_share_a_place_until_the_last_slot_leaves() {
    let (mut metrics, id, _) = metrics();
    let (a, b) = (KeyValue::new("a", "1"), KeyValue::new("b", "2"));
    let (_, first) = enter(&mut metrics, id, &[a.clone(), b.clone()]).unwrap();
    let (_, second) = enter(&mut metrics, id, &[b, a]).unwrap();
    assert_eq!(metrics.all[0].streams[0].series, 1);
    metrics.leave(&first);
    assert_eq!(metrics.all[0].streams[0].series, 1);
    metrics.leave(&second);
    assert_eq!(metrics.all[0].streams[0].series, 0);
}

const fn descriptor(series: SeriesCount) -> Descriptor {
    Descriptor::new(Kind::Counter, "streams.limit", "", "", 0).with_series(series)
}

static LITERAL: Descriptor = descriptor(SeriesCount::AtMost(1));
static OTHER_LITERAL: Descriptor = descriptor(SeriesCount::AtMost(1));
static OUTCOME: Descriptor = descriptor(SeriesCount::AtMost(4));
static ENUM: Descriptor = descriptor(SeriesCount::AtFirstUse);
static HANDLES: Descriptor = descriptor(SeriesCount::Open);

/// `descriptor` has this many series, and maybe more later.
fn used(descriptor: &'static Descriptor, series: usize, can_be_more: bool) -> Used {
    let used = UsedSeries {
        series,
        can_be_more,
    };
    Used(HashMap::from([(address(descriptor), used)]))
}

#[test]
fn the_first_stream_is_for_as_many_series_as_the_descriptors_can_have() {
    let limit = |descriptors: &[&'static Descriptor], used: Used| {
        let (metrics, _) = metrics_of(descriptors, &Limits::default());
        metrics
            .missing(&Limits::default(), || used)
            .pop()
            .unwrap()
            .limit
    };
    assert_eq!(limit(&[&LITERAL], Used::default()), 1);
    let several: [&'static Descriptor; 3] = [&LITERAL, &OTHER_LITERAL, &OUTCOME];
    assert_eq!(limit(&several, Used::default()), 6);
    assert_eq!(limit(&[&ENUM], used(&ENUM, 12, false)), 12);
    assert_eq!(limit(&[&ENUM, &LITERAL], used(&ENUM, 12, false)), 13);
    // With any number of series, or a number that is not known yet, the SDK's limit stays.
    let unlimited = SERIES_PER_STREAM;
    assert_eq!(limit(&[&ENUM], Used::default()), unlimited);
    assert_eq!(limit(&[&ENUM], used(&ENUM, 12, true)), unlimited);
    assert_eq!(limit(&[&HANDLES], used(&HANDLES, 1, false)), unlimited);
    assert_eq!(limit(&[&LITERAL, &HANDLES], Used::default()), unlimited);
    assert_eq!(limit(&[&ENUM], used(&ENUM, 2_500, false)), unlimited);
}

#[test]
fn a_view_fills_the_map_that_the_sdk_reserves_anyway() {
    let reserved = |series| HashMap::<u64, u64>::with_capacity(1 + series).capacity();
    assert_eq!(
        reserved(SERIES_PER_LIMITED_STREAM),
        reserved(SERIES_PER_STREAM)
    );
    assert_eq!(
        reserved(SERIES_PER_LIMITED_STREAM),
        1 + SERIES_PER_LIMITED_STREAM
    );

    let (_, by_view) = Limits::by_view(MeterProviderBuilder::default(), false);
    let (metrics, _) = metrics_of(&[&HANDLES], &by_view);
    let missing = metrics.missing(&by_view, Used::default).pop().unwrap();
    assert_eq!(missing.limit, SERIES_PER_LIMITED_STREAM);
}

#[test]
fn a_stream_with_a_limit_of_its_own_is_full_with_that_many_series() {
    let (mut metrics, id) = metrics_of(&[&OUTCOME], &Limits::default());
    let meter = SdkMeterProvider::default().meter("test");
    let instrument = create(&meter, &metrics.all[0].definition, false, false);
    metrics.extend(id, instrument, 4);
    for number in 0..4 {
        assert!(enter(&mut metrics, id, &series(number)).is_some());
    }
    assert!(enter(&mut metrics, id, &series(4)).is_none());
    let missing = metrics
        .missing(&Limits::default(), || used(&OUTCOME, 4, false))
        .pop()
        .unwrap();
    assert_eq!((missing.stream, missing.limit), (1, SERIES_PER_STREAM));
}

#[test]
fn an_instrument_waits_for_its_first_use_only_if_the_number_of_series_is_unknown_before() {
    let waiting = Limits {
        next: None,
        wait_for_use: true,
    };
    let is_missing = |descriptors: &[&'static Descriptor], limits: &Limits| {
        let (metrics, _) = metrics_of(descriptors, limits);
        !metrics
            .missing(&Limits::default(), Used::default)
            .is_empty()
    };
    assert!(is_missing(&[&ENUM], &Limits::default()));
    assert!(!is_missing(&[&ENUM], &waiting));
    assert!(is_missing(&[&LITERAL], &waiting));
    assert!(is_missing(&[&HANDLES], &waiting));
    assert!(is_missing(&[&ENUM, &LITERAL], &waiting));

    let (mut metrics, id) = metrics_of(&[&ENUM], &waiting);
    assert!(enter(&mut metrics, id, &series(0)).is_none());
    let missing = metrics
        .missing(&Limits::default(), || used(&ENUM, 3, false))
        .pop()
        .unwrap();
    assert_eq!((missing.stream, missing.limit), (0, 3));
}

#[test]
fn a_metric_gets_more_room_when_a_descriptor_joins_it() {
    let limits = Limits::default();
    let streams_after = |joining: &'static Descriptor| {
        let (mut metrics, id) = metrics_of(&[&LITERAL], &limits);
        let definition = metrics.all[0].definition.clone();
        let meter = SdkMeterProvider::default().meter("test");
        metrics.extend(id, create(&meter, &definition, false, false), 1);
        assert!(
            metrics
                .missing(&Limits::default(), Used::default)
                .is_empty()
        );
        metrics.admit(joining, definition, &limits);
        let missing = metrics.missing(&Limits::default(), Used::default).pop();
        missing.map(|missing| (missing.stream, missing.limit))
    };
    for joining in [&OTHER_LITERAL, &OUTCOME, &ENUM, &HANDLES] {
        assert_eq!(streams_after(joining), Some((1, SERIES_PER_STREAM)));
    }
}

/// Counts the points of the last collection, and how many of them are the SDK's overflow.
#[derive(Clone, Default)]
struct Points(Arc<Mutex<(usize, usize)>>);

impl PushMetricExporter for Points {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let metrics = metrics.scope_metrics().flat_map(ScopeMetrics::metrics);
        let (mut all, mut overflow) = (0, 0);
        for metric in metrics {
            if let AggregatedMetrics::U64(MetricData::Sum(sum)) = metric.data() {
                for point in sum.data_points() {
                    all += 1;
                    let mut keys = point.attributes().map(|attribute| attribute.key.as_str());
                    overflow += usize::from(keys.any(|key| key == "otel.metric.overflow"));
                }
            }
        }
        *self.0.lock().unwrap() = (all, overflow);
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Delta
    }
}

/// Records this many series with a limit, and returns all points and those of the overflow.
fn record(
    configure: impl FnOnce(MeterProviderBuilder) -> MeterProviderBuilder,
    limit: usize,
    count: usize,
) -> (usize, usize) {
    let points = Points::default();
    let reader = PeriodicReader::builder(points.clone()).build();
    let provider = configure(SdkMeterProvider::builder().with_reader(reader));
    let (provider, limits) = Limits::by_view(provider, false);
    let provider = provider.build();
    let mut meters = Meters::new(provider.clone(), limits);
    let (metrics, _) = metrics_of(&[&COUNTER], &Limits::default());
    let instrument = meters.limited(limit, |meters| {
        create(meters.get(0), &metrics.all[0].definition, false, false)
    });
    let Instrument::Counter(counter) = instrument else {
        panic!("it is a counter");
    };
    for number in 0..count {
        counter.add(1, &series(number));
    }
    provider.force_flush().unwrap();
    *points.0.lock().unwrap()
}

#[test]
fn the_sdk_keeps_exactly_as_many_series_as_the_limit_of_the_view() {
    let none = |provider| provider;
    assert_eq!(record(none, 12, 12), (12, 0));
    assert_eq!(record(none, 12, 13), (13, 1));
    assert_eq!(record(none, SERIES_PER_STREAM, 2_000), (2_000, 0));
}

#[test]
fn views_of_the_program_are_the_only_ones() {
    let renaming = |provider: MeterProviderBuilder| {
        provider.with_view(|_: &opentelemetry_sdk::metrics::Instrument| {
            super::SdkStream::builder()
                .with_name("renamed")
                .build()
                .ok()
        })
    };
    assert!(!has_views(&SdkMeterProvider::builder()));
    assert!(has_views(&renaming(SdkMeterProvider::builder())));
    // One stream, with the SDK's own limit.
    assert_eq!(record(renaming, 12, 20), (20, 0));
}
