//! Tests of the streams of a metric.

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;

use super::{Admission, Claim, MetricId, Metrics, SERIES_PER_STREAM};
use crate::descriptor::{Descriptor, Kind};
use crate::pipeline::bridge::sdk::{Instrument, create};
use crate::registry::Names;

static COUNTER: Descriptor = Descriptor::new(Kind::Counter, "streams.test", "", "", 0);

fn metrics() -> (Metrics, MetricId, impl Fn() -> Instrument) {
    let mut names = Names::default();
    names.admit(&COUNTER).unwrap();
    let definition = names.definition(&COUNTER).unwrap();
    let meter = SdkMeterProvider::default().meter("test");
    let of_metric = definition.clone();
    let instrument = move || create(&meter, &of_metric, false, false);
    let mut metrics = Metrics::default();
    metrics.admit(&COUNTER, definition, Some(instrument()));
    let Some(Admission::Admitted(id)) = metrics.admission(&COUNTER) else {
        panic!("it was admitted");
    };
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
    assert!(metrics.full().is_none());
    assert!(enter(&mut metrics, id, &series(usize::MAX / 4)).is_none());
    let (full, _, stream) = metrics.full().unwrap();
    assert_eq!((full, stream), (id, 1));
    metrics.extend(full, instrument());
    assert!(metrics.full().is_none());
    assert!(enter(&mut metrics, id, &series(usize::MAX / 4)).is_some());

    // A series that leaves makes room in its own stream.
    metrics.leave(&claims[7]);
    let (_, claim) = enter(&mut metrics, id, &series(SERIES_PER_STREAM)).unwrap();
    assert_eq!(metrics.all[0].places[&claim.0.hash].stream, 0);
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
