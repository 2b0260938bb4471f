//! The SDK's instruments and attributes.

use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter, UpDownCounter};
use opentelemetry::{Key, KeyValue};

use crate::descriptor::Kind;
use crate::instrument::OwnedValue;
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

/// Makes an instrument. `buckets` decides whether a histogram without boundaries of its own has the
/// SDK's boundaries or none, and `floats` whether a sum is a sum of floats.
pub(super) fn create(
    meter: &Meter,
    definition: &Definition,
    buckets: bool,
    floats: bool,
) -> Instrument {
    macro_rules! build {
        ($builder:expr) => {{
            let mut builder = $builder;
            if !definition.unit.is_empty() {
                builder = builder.with_unit(definition.unit);
            }
            if !definition.description.is_empty() {
                builder = builder.with_description(definition.description);
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
            Instrument::Histogram(match first.boundaries {
                Some(boundaries) => build!(histogram.with_boundaries(boundaries.to_vec())),
                None if buckets => build!(histogram),
                None => build!(histogram.with_boundaries(Vec::new())),
            })
        }
    }
}

/// The dimensions of a series as attributes of the SDK.
pub(super) fn attributes<'a>(
    dimensions: impl Iterator<Item = (&'static str, &'a OwnedValue)>,
) -> Box<[KeyValue]> {
    dimensions
        .map(|(key, value)| attribute(key, value))
        .collect()
}

fn attribute(key: &'static str, value: &OwnedValue) -> KeyValue {
    let key = Key::from_static_str(key);
    match value {
        OwnedValue::Str(text) => KeyValue::new(key, text.to_string()),
        OwnedValue::Bool(value) => KeyValue::new(key, *value),
        OwnedValue::I64(value) => KeyValue::new(key, *value),
        OwnedValue::F64(value) => KeyValue::new(key, *value),
        // OpenTelemetry has no unsigned attribute.
        OwnedValue::U64(value) => match i64::try_from(*value) {
            Ok(value) => KeyValue::new(key, value),
            Err(_) => KeyValue::new(key, value.to_string()),
        },
    }
}
