//! The OpenTelemetry SDK, used as documented: a provider, a reader that collects each second, an
//! exporter that discards its input.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};

use super::names;
use crate::child::Discard;
use crate::measure::Candidate;

/// How often is collected, by the SDK alone and under our pipeline.
pub(super) const INTERVAL: Duration = Duration::from_secs(1);

/// The candidates, and the provider that must live as long as they run.
pub(super) fn candidates() -> (SdkMeterProvider, Vec<Candidate>) {
    let reader = PeriodicReader::builder(Discard)
        .with_interval(INTERVAL)
        .build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    let meter = provider.meter("bench");
    let attributes = || [KeyValue::new("region", "eu"), KeyValue::new("tier", "gold")];

    let counter = meter.u64_counter("sdk.counter").build();
    let histogram = meter.f64_histogram("sdk.histogram").build();
    let bound = [
        {
            let counter = meter.u64_counter("sdk.bound_counter").build();
            let bound = counter.bind(&attributes());
            Candidate::new(
                "OpenTelemetry SDK, bound counter (experimental)",
                move |calls| {
                    for _ in 0..calls {
                        add_bound(&bound);
                    }
                },
            )
        },
        {
            let histogram = meter.f64_histogram("sdk.bound_histogram").build();
            let bound = histogram.bind(&attributes());
            Candidate::new(names::SDK_BOUND_HISTOGRAM, move |calls| {
                for _ in 0..calls {
                    record_bound(&bound);
                }
            })
        },
    ];

    let count_attributes = attributes();
    let record_attributes = attributes();
    let mut candidates = vec![
        Candidate::new(names::SDK_COUNTER, move |calls| {
            for _ in 0..calls {
                add(&counter, &count_attributes);
            }
        }),
        Candidate::new(names::SDK_HISTOGRAM, move |calls| {
            for _ in 0..calls {
                record(&histogram, &record_attributes);
            }
        }),
    ];
    candidates.extend(bound);
    (provider, candidates)
}

#[inline(never)]
fn add(counter: &opentelemetry::metrics::Counter<u64>, attributes: &[KeyValue]) {
    counter.add(1, attributes);
}

#[inline(never)]
fn record(histogram: &opentelemetry::metrics::Histogram<f64>, attributes: &[KeyValue]) {
    histogram.record(0.25, attributes);
}

#[inline(never)]
fn add_bound(counter: &opentelemetry::metrics::BoundCounter<u64>) {
    counter.add(1);
}

#[inline(never)]
fn record_bound(histogram: &opentelemetry::metrics::BoundHistogram<f64>) {
    histogram.record(0.25);
}
