//! The SDK's instruments and attributes.

use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter, UpDownCounter};
use opentelemetry::{Key, KeyValue};

use crate::descriptor::Kind;
use crate::dynatrace::attribute;
use crate::instrument::OwnedValue;
use crate::line::ucum_unit;
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

/// The boundaries of durations in seconds by OpenTelemetry's semantic conventions
/// (`http.server.request.duration`), in milliseconds.
const DURATION_BOUNDARIES: [f64; 14] = [
    5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1_000.0, 2_500.0, 5_000.0, 7_500.0,
    10_000.0,
];

/// The boundaries for durations in this unit; `None` if it is not a unit of time.
fn duration_boundaries(unit: &str) -> Option<Vec<f64>> {
    let (times, per) = match ucum_unit(unit).unwrap_or(unit) {
        "ns" => (1e6, 1.0),
        "us" => (1e3, 1.0),
        "ms" => (1.0, 1.0),
        "s" => (1.0, 1e3),
        "min" => (1.0, 6e4),
        "h" => (1.0, 3.6e6),
        "d" => (1.0, 8.64e7),
        "wk" => (1.0, 6.048e8),
        _ => return None,
    };
    // Multiplied or divided, so that each boundary is the nearest number to its decimal text.
    Some(
        DURATION_BOUNDARIES
            .map(|boundary| boundary * times / per)
            .into(),
    )
}

/// Makes an instrument. `buckets` decides whether a histogram without boundaries of its own has
/// buckets: the buckets of the semantic conventions if its unit is one of time, otherwise the SDK's.
/// `floats` is whether a sum is a sum of floats.
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
            let boundaries = match definition.boundaries() {
                Some(boundaries) => Some(boundaries.to_vec()),
                None if buckets => duration_boundaries(definition.unit()),
                None => Some(Vec::new()),
            };
            Instrument::Histogram(if let Some(boundaries) = boundaries {
                build!(histogram.with_boundaries(boundaries))
            } else {
                build!(histogram)
            })
        }
    }
}

/// The dimensions of a series as attributes of the SDK, ordered by their keys: with another order, the
/// SDK keeps each series twice.
pub(super) fn attributes(dimensions: &[(&'static str, OwnedValue)]) -> Box<[KeyValue]> {
    let mut attributes: Box<[KeyValue]> = dimensions
        .iter()
        .map(|(key, value)| attribute(Key::from_static_str(key), value))
        .collect();
    attributes.sort_by(|a, b| a.key.cmp(&b.key));
    attributes
}
