//! The exporter's own numbers as metrics.

use crate::dynatrace::buffer::Buffer;
use crate::dynatrace::health::Health;
use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;
use std::sync::Arc;

/// A name, its unit, what it is, and where it is.
type Number = (&'static str, &'static str, &'static str, fn(&Health) -> u64);

/// What adds up.
const COUNTS: [Number; 8] = [
    (
        "dt_metrics.exporter.points_accepted",
        "{line}",
        "Lines that the endpoint accepted",
        |health| health.points_accepted,
    ),
    (
        "dt_metrics.exporter.points_rejected",
        "{line}",
        "Lines that the endpoint refused",
        |health| health.points_rejected,
    ),
    (
        "dt_metrics.exporter.points_dropped",
        "{point}",
        "Data points that were dropped",
        |health| health.points_dropped,
    ),
    (
        "dt_metrics.exporter.requests_accepted",
        "{request}",
        "Requests that the endpoint accepted",
        |health| health.requests_accepted,
    ),
    (
        "dt_metrics.exporter.requests_failed",
        "{request}",
        "Requests that failed, each attempt counted",
        |health| health.requests_failed,
    ),
    (
        "dt_metrics.exporter.requests_unanswered",
        "{request}",
        "Requests that were sent but not answered",
        |health| health.requests_unanswered,
    ),
    (
        "dt_metrics.exporter.retries",
        "{request}",
        "Attempts that sent a request again",
        |health| health.retries,
    ),
    (
        "dt_metrics.exporter.points_recovered",
        "{line}",
        "Lines that earlier processes had left in the spool",
        |health| health.points_recovered,
    ),
];

/// What is so at a moment.
const GAUGES: [Number; 3] = [
    (
        "dt_metrics.exporter.points_pending",
        "{line}",
        "Lines that wait to be sent or answered",
        |health| health.points_pending,
    ),
    (
        "dt_metrics.exporter.bytes_pending",
        "By",
        "Bytes that wait to be sent or answered",
        |health| health.bytes_pending,
    ),
    (
        "dt_metrics.exporter.points_spooled",
        "{line}",
        "Those of them that are on disk",
        |health| health.points_spooled,
    ),
];

/// Makes an instrument for each number. Their callbacks take the exporter's lock for a moment.
pub(crate) fn observe(meter: &Meter, buffer: &Arc<Buffer>) {
    for (name, unit, description, number) in COUNTS {
        let buffer = buffer.clone();
        meter
            .u64_observable_counter(name)
            .with_unit(unit)
            .with_description(description)
            .with_callback(move |observer| observer.observe(number(&buffer.health()), &[]))
            .build();
    }
    for (name, unit, description, number) in GAUGES {
        let buffer = buffer.clone();
        meter
            .u64_observable_gauge(name)
            .with_unit(unit)
            .with_description(description)
            .with_callback(move |observer| observer.observe(number(&buffer.health()), &[]))
            .build();
    }
    let buffer = buffer.clone();
    meter
        .u64_observable_counter("dt_metrics.exporter.dropped")
        .with_description("Lines and data points that were dropped, by reason")
        .with_callback(move |observer| {
            for (reason, count) in buffer.health().dropped {
                observer.observe(count, &[KeyValue::new("reason", reason.as_str())]);
            }
        })
        .build();
}
