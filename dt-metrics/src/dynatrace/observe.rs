//! The exporter's own numbers as metrics.

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;

use super::health::Health;
use super::shared::Shared;

/// A name, its unit, what it is, and where it is.
type Number = (&'static str, &'static str, &'static str, fn(&Health) -> u64);

/// What adds up.
const COUNTS: [Number; 9] = [
    (
        "dt_metrics.exporter.lines_ok",
        "{line}",
        "Lines that the endpoint accepted",
        |health| health.lines_ok,
    ),
    (
        "dt_metrics.exporter.lines_invalid",
        "{line}",
        "Lines that the endpoint refused",
        |health| health.lines_invalid,
    ),
    (
        "dt_metrics.exporter.lines_dropped",
        "{line}",
        "Lines that were written but not delivered",
        |health| health.lines_dropped,
    ),
    (
        "dt_metrics.exporter.points_dropped",
        "{point}",
        "Data points that never became a line",
        |health| health.points_dropped,
    ),
    (
        "dt_metrics.exporter.requests_ok",
        "{request}",
        "Requests that the endpoint accepted",
        |health| health.requests_ok,
    ),
    (
        "dt_metrics.exporter.requests_failed",
        "{request}",
        "Requests that failed, each attempt counted",
        |health| health.requests_failed,
    ),
    (
        "dt_metrics.exporter.requests_ambiguous",
        "{request}",
        "Requests that were sent but not answered",
        |health| health.requests_ambiguous,
    ),
    (
        "dt_metrics.exporter.retries",
        "{request}",
        "Attempts that sent a request again",
        |health| health.retries,
    ),
    (
        "dt_metrics.exporter.lines_recovered",
        "{line}",
        "Lines that earlier processes had left in the spool",
        |health| health.lines_recovered,
    ),
];

/// What is so at a moment.
const GAUGES: [Number; 3] = [
    (
        "dt_metrics.exporter.buffered_lines",
        "{line}",
        "Lines that wait to be sent or answered",
        |health| health.buffered_lines,
    ),
    (
        "dt_metrics.exporter.buffered_bytes",
        "By",
        "Bytes that wait to be sent or answered",
        |health| health.buffered_bytes,
    ),
    (
        "dt_metrics.exporter.spooled_lines",
        "{line}",
        "Those of them that are on disk",
        |health| health.spooled_lines,
    ),
];

/// Makes an instrument for each number. Their callbacks take the exporter's lock for a moment.
pub(super) fn observe(meter: &Meter, shared: &Arc<Shared>) {
    for (name, unit, description, number) in COUNTS {
        let shared = shared.clone();
        meter
            .u64_observable_counter(name)
            .with_unit(unit)
            .with_description(description)
            .with_callback(move |observer| observer.observe(number(&shared.health()), &[]))
            .build();
    }
    for (name, unit, description, number) in GAUGES {
        let shared = shared.clone();
        meter
            .u64_observable_gauge(name)
            .with_unit(unit)
            .with_description(description)
            .with_callback(move |observer| observer.observe(number(&shared.health()), &[]))
            .build();
    }
    let shared = shared.clone();
    meter
        .u64_observable_counter("dt_metrics.exporter.dropped")
        .with_description("Lines and data points that were dropped, by reason")
        .with_callback(move |observer| {
            for (reason, count) in shared.health().dropped_by_reason {
                observer.observe(count, &[KeyValue::new("reason", reason)]);
            }
        })
        .build();
}
