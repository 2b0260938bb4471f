//! The exporter's own numbers as metrics.

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;

use crate::dynatrace::buffer::Buffer;
use crate::dynatrace::health::Health;

/// The name of an instrument, its unit, its description, and its value.
type Number = (&'static str, &'static str, &'static str, fn(&Health) -> u64);

macro_rules! numbers {
    ($($field:ident $unit:literal $description:literal)*) => {
        [$((
            concat!("dt_metrics.exporter.", stringify!($field)),
            $unit,
            $description,
            |health| health.$field,
        )),*]
    };
}

const COUNTERS: [Number; 10] = numbers! {
    points_accepted "{point}" "Data points that the endpoint accepted"
    points_rejected "{point}" "Data points that the endpoint rejected one by one"
    points_dropped "{point}" "Data points that will not be delivered"
    points_recovered "{point}" "Data points that earlier processes left in the spool"
    points_in_overflow_series "{point}" "Data points of overflow series"
    requests_accepted "{request}" "Requests that the endpoint accepted"
    requests_failed "{request}" "Attempts that failed"
    requests_unanswered "{request}" "Attempts that were sent but never answered"
    retries "{request}" "Attempts to send a request again"
    server_warnings "{warning}" "Warnings of the endpoint about data points that it accepted"
};

const GAUGES: [Number; 3] = numbers! {
    points_pending "{point}" "Data points that are not answered yet"
    points_spooled "{point}" "Pending data points that are on disk"
    bytes_pending "By" "Bytes of pending requests"
};

/// Makes an instrument for each number. Their callbacks take the exporter's lock for a moment.
pub(crate) fn observe(meter: &Meter, buffer: &Arc<Buffer>) {
    for (name, unit, description, number) in COUNTERS {
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
    let altered = buffer.clone();
    meter
        .u64_observable_counter("dt_metrics.exporter.altered")
        .with_unit("{point}")
        .with_description("Data points that were sent otherwise than measured, by kind")
        .with_callback(move |observer| {
            for (kind, count) in altered.health().altered {
                observer.observe(count, &[KeyValue::new("kind", kind)]);
            }
        })
        .build();
    let buffer = buffer.clone();
    meter
        .u64_observable_counter("dt_metrics.exporter.dropped")
        .with_unit("{point}")
        .with_description("Data points that were dropped, by reason")
        .with_callback(move |observer| {
            for (reason, count) in buffer.health().dropped {
                observer.observe(count, &[KeyValue::new("reason", reason.as_str())]);
            }
        })
        .build();
}
