//! Each operation of each instrument of the facade.

use super::{THREADS, installed, on_threads};

#[test]
fn counters_take_increments_and_absolute_values_in_any_order() {
    let installed = installed();
    let counter = metrics::counter!("values.mixed");
    counter.increment(5);
    counter.absolute(3); // less than before: nothing changes
    assert_eq!(installed.total("values.mixed", &[]), 5.0);
    counter.absolute(12);
    counter.increment(1);
    metrics::counter!("values.mixed").absolute(20);
    assert_eq!(installed.total("values.mixed", &[]), 20.0);
    on_threads(|thread| {
        for value in 0..1_000 {
            metrics::counter!("values.absolute").absolute(u64::from(value + thread));
        }
    });
    let highest = f64::from(999 + THREADS - 1);
    assert_eq!(installed.total("values.absolute", &[]), highest);
}

#[test]
fn gauges_keep_their_value_between_handles_and_pushes() {
    let installed = installed();
    metrics::gauge!("values.gauge").set(10);
    metrics::gauge!("values.gauge").increment(2.5);
    metrics::gauge!("values.gauge").decrement(0.5);
    assert_eq!(installed.total("values.gauge", &[]), 12.0);
    let lines = installed.received("values.gauge", &[]).0;
    assert!(
        installed.received("values.gauge", &[]).0 > lines,
        "at each push"
    );
    on_threads(|_| {
        let gauge = metrics::gauge!("values.gauge");
        for _ in 0..1_000 {
            gauge.increment(3);
            metrics::gauge!("values.gauge").decrement(2);
        }
    });
    let expected = 12.0 + f64::from(THREADS) * 1_000.0;
    assert_eq!(installed.total("values.gauge", &[]), expected);
}

#[test]
fn histograms_take_single_and_repeated_values_and_skip_invalid_ones() {
    let installed = installed();
    let histogram = metrics::histogram!("values.histogram");
    histogram.record(std::time::Duration::from_millis(1_500));
    histogram.record_many(2.0, 3);
    histogram.record_many(7.0, 0);
    histogram.record(f64::NAN);
    histogram.record(f64::INFINITY);
    metrics::gauge!("values.not_finite").set(f64::NAN);
    assert_eq!(installed.received("values.histogram", &[]), (4, 7.5));
    assert_eq!(installed.received("values.not_finite", &[]).0, 0);
}

#[test]
fn names_and_labels_that_dynatrace_does_not_take_are_normalized() {
    let installed = installed();
    metrics::counter!("values: HTTP requests/s", "Status Code" => "200 OK", "%" => "x")
        .increment(1);
    metrics::counter!("9.values.9", "a" => "1", "b" => "2").increment(1);
    metrics::counter!("9.values.9", "b" => "2", "a" => "1").increment(1);
    metrics::counter!("values.twice", "key" => "1", "Key" => "2").increment(1);
    metrics::counter!("dt.values").increment(1);
    let status = [("status_code", "200 OK")];
    assert_eq!(installed.total("values_HTTP_requests_s", &status), 1.0);
    assert_eq!(installed.total("values.9", &[("a", "1"), ("b", "2")]), 2.0);
    assert_eq!(installed.total("values.twice", &[("key", "2")]), 1.0);
    assert_eq!(installed.total("values", &[]), 1.0);
}
