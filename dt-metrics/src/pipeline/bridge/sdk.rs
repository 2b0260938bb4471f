//! The SDK's instruments and attributes.

use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter, UpDownCounter};
use opentelemetry::{Key, KeyValue};

use crate::descriptor::Kind;
use crate::dynatrace::{attribute, bucket_boundaries};
use crate::instrument::{OwnedValue, Series};
use crate::registry::Definition;

/// An instrument of the SDK.
#[derive(Clone)]
pub(super) enum Instrument {
    Counter(Counter<u64>),
    FloatCounter(Counter<f64>),
    UpDownCounter(UpDownCounter<i64>),
    FloatUpDownCounter(UpDownCounter<f64>),
    Histogram(Histogram<f64>),
    Gauge(Gauge<f64>),
}

/// Makes an instrument. `buckets` decides whether a histogram without boundaries of its own has
/// [buckets](bucket_boundaries). `floats` is whether a sum is a sum of floats.
pub(super) fn create(
    meter: &Meter,
    definition: &Definition,
    buckets: bool,
    floats: bool,
) -> Instrument {
    macro_rules! build {
        ($builder:expr) => {{
            let mut builder = $builder;
            if !definition.unit().is_empty() {
                builder = builder.with_unit(definition.unit());
            }
            if !definition.description().is_empty() {
                builder = builder.with_description(definition.description());
            }
            builder.build()
        }};
    }
    let first = definition.first;
    match first.kind {
        Kind::Counter if floats => Instrument::FloatCounter(build!(meter.f64_counter(first.name))),
        Kind::Counter => Instrument::Counter(build!(meter.u64_counter(first.name))),
        Kind::UpDownCounter if floats => {
            Instrument::FloatUpDownCounter(build!(meter.f64_up_down_counter(first.name)))
        }
        Kind::UpDownCounter => {
            Instrument::UpDownCounter(build!(meter.i64_up_down_counter(first.name)))
        }
        Kind::Gauge => Instrument::Gauge(build!(meter.f64_gauge(first.name))),
        Kind::Histogram => {
            let histogram = meter.f64_histogram(first.name);
            let boundaries = bucket_boundaries(definition.boundaries(), definition.unit(), buckets);
            Instrument::Histogram(if let Some(boundaries) = boundaries {
                build!(histogram.with_boundaries(boundaries))
            } else {
                build!(histogram)
            })
        }
    }
}

/// Appends the dimensions of a series as attributes of the SDK, ordered by their keys: with another order,
/// the SDK keeps each series twice. Returns whether their texts are all there already, so that attributes
/// are made in no time.
pub(super) fn append_attributes(series: &Series, to: &mut Vec<KeyValue>) -> bool {
    let first = to.len();
    let mut are_there = true;
    series.for_each_exported(&mut |key, value| {
        are_there &= !matches!(value, OwnedValue::ShortText(_));
        to.push(attribute(Key::from_static_str(key), value));
    });
    to[first..].sort_by(|a, b| a.key.cmp(&b.key));
    are_there
}
