//! Tests of measurements: their payloads, and why they are refused.

use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
    Summary, SummaryDataPoint,
};

use super::{CUMULATIVE, DELTA, Data, Metric, Number, Sum, line, metric, number, refusal};

fn gauge(value: f64) -> Metric {
    let data_points = vec![number(value, vec![])];
    metric("mm", Data::Gauge(Gauge { data_points }))
}

fn sum(value: f64, is_monotonic: bool, aggregation_temporality: i32) -> Metric {
    let sum = Sum {
        data_points: vec![number(value, vec![])],
        aggregation_temporality,
        is_monotonic,
    };
    metric("mm", Data::Sum(sum))
}

fn histogram(point: HistogramDataPoint) -> Metric {
    let histogram = Histogram {
        data_points: vec![point],
        aggregation_temporality: DELTA,
    };
    metric("mm", Data::Histogram(histogram))
}

/// Four values in the middle ones of four buckets.
fn measured() -> HistogramDataPoint {
    HistogramDataPoint {
        count: 4,
        sum: Some(10.0),
        min: Some(1.5),
        max: Some(4.5),
        explicit_bounds: vec![1.0, 2.0, 5.0],
        bucket_counts: vec![0, 3, 1, 0],
        ..HistogramDataPoint::default()
    }
}

fn exponential(point: ExponentialHistogramDataPoint) -> Metric {
    let histogram = ExponentialHistogram {
        data_points: vec![point],
        aggregation_temporality: DELTA,
    };
    metric("mm", Data::ExponentialHistogram(histogram))
}

#[test]
fn numbers() {
    for (metric, expected) in [
        (gauge(1.5), "mm gauge,1.5"),
        (sum(3.0, true, DELTA), "mm count,delta=3"),
        (sum(-3.0, false, DELTA), "mm count,delta=-3"),
        (sum(3.0, false, CUMULATIVE), "mm gauge,3"),
    ] {
        assert_eq!(line(metric), expected);
    }
    let mut whole = sum(0.0, true, DELTA);
    if let Some(Data::Sum(sum)) = &mut whole.data {
        sum.data_points[0].value = Some(Number::AsInt(7));
    }
    assert_eq!(line(whole), "mm count,delta=7");
}

#[test]
fn numbers_that_are_refused() {
    let mut nothing = gauge(0.0);
    if let Some(Data::Gauge(gauge)) = &mut nothing.data {
        gauge.data_points[0].value = None;
    }
    let summary = Summary {
        data_points: vec![SummaryDataPoint::default()],
    };
    for (metric, reason, marked) in [
        (
            sum(3.0, true, CUMULATIVE),
            "monotonic sums must be delta, not cumulative \
             (UNSUPPORTED_METRIC_TYPE_MONOTONIC_CUMULATIVE_SUM)",
            "cumulative monotonic sum",
        ),
        (
            sum(3.0, false, 0),
            "aggregation temporality expected",
            "sum",
        ),
        (
            gauge(f64::NAN),
            "value is not a finite number (VALUE_INVALID)",
            "gauge",
        ),
        (
            sum(f64::INFINITY, true, DELTA),
            "value is not a finite number (VALUE_INVALID)",
            "delta monotonic sum",
        ),
        (nothing, "payload expected", "gauge"),
        (
            metric("mm", Data::Summary(summary)),
            "summaries are not supported (UNSUPPORTED_METRIC_TYPE_SUMMARY)",
            "summary",
        ),
    ] {
        let expected = (reason.to_owned(), marked.to_owned());
        assert_eq!(refusal(metric), expected);
    }
}

#[test]
fn histograms() {
    let expected = "mm gauge,min=1.5,max=4.5,sum=10,count=4";
    assert_eq!(line(histogram(measured())), expected);
    let without_buckets = HistogramDataPoint {
        explicit_bounds: Vec::new(),
        bucket_counts: Vec::new(),
        ..measured()
    };
    assert_eq!(line(histogram(without_buckets)), expected);
    let of_nothing = HistogramDataPoint {
        sum: Some(0.0),
        min: Some(f64::INFINITY),
        max: Some(f64::NEG_INFINITY),
        ..HistogramDataPoint::default()
    };
    assert_eq!(
        line(histogram(of_nothing)),
        "mm gauge,min=0,max=0,sum=0,count=0"
    );
}

#[test]
fn extremes_that_were_not_recorded_are_estimated() {
    let with = |bucket_counts: Vec<u64>, sum: f64| {
        histogram(HistogramDataPoint {
            count: bucket_counts.iter().sum(),
            sum: Some(sum),
            min: None,
            max: None,
            bucket_counts,
            ..measured()
        })
    };
    for (metric, expected) in [
        (with(vec![0, 3, 1, 0], 10.0), "min=1,max=5,sum=10,count=4"),
        (with(vec![0, 2, 0, 0], 3.0), "min=1,max=2,sum=3,count=2"),
        // No bound on the outside: the mean is all there is.
        (with(vec![1, 0, 0, 1], 10.0), "min=5,max=5,sum=10,count=2"),
        // Buckets that contradict the sum.
        (with(vec![0, 1, 0, 0], 9.0), "min=1,max=9,sum=9,count=1"),
    ] {
        assert_eq!(line(metric), format!("mm gauge,{expected}"));
    }
}

#[test]
fn histograms_that_are_refused() {
    let change = |change: fn(&mut HistogramDataPoint)| {
        let mut point = measured();
        change(&mut point);
        histogram(point)
    };
    let cumulative = Histogram {
        data_points: vec![measured()],
        aggregation_temporality: CUMULATIVE,
    };
    for (metric, reason) in [
        (
            metric("mm", Data::Histogram(cumulative)),
            "histograms must be delta, not cumulative",
        ),
        (change(|it| it.sum = None), "histogram has no sum"),
        (
            change(|it| it.sum = Some(f64::NAN)),
            "value is not a finite number (VALUE_INVALID)",
        ),
        (
            change(|it| it.explicit_bounds = vec![2.0, 1.0, 5.0]),
            "histogram has bounds that are not sorted (HISTOGRAM_BUCKET_INVALID)",
        ),
        (
            change(|it| it.explicit_bounds = vec![1.0, 2.0, f64::INFINITY]),
            "histogram has a bound that is not finite (HISTOGRAM_BUCKET_INVALID)",
        ),
        (
            change(|it| it.bucket_counts = vec![4]),
            "histogram has not one bucket more than bounds (HISTOGRAM_BUCKET_INVALID)",
        ),
        (
            change(|it| it.count = 5),
            "histogram has another count than its buckets (HISTOGRAM_BUCKET_INVALID)",
        ),
        (
            change(|it| it.max = Some(2.0)),
            "min <= sum/count <= max does not hold",
        ),
    ] {
        assert_eq!(refusal(metric).0, reason);
    }
}

#[test]
fn exponential_histograms() {
    let measured = ExponentialHistogramDataPoint {
        count: 3,
        sum: Some(6.0),
        min: Some(1.0),
        max: Some(3.0),
        ..ExponentialHistogramDataPoint::default()
    };
    assert_eq!(
        line(exponential(measured.clone())),
        "mm gauge,min=1,max=3,sum=6,count=3"
    );
    let buckets = |offset, bucket_counts| {
        Some(Buckets {
            offset,
            bucket_counts,
        })
    };
    let estimated = |point: ExponentialHistogramDataPoint| {
        line(exponential(ExponentialHistogramDataPoint {
            min: None,
            max: None,
            ..point
        }))
    };
    // Base 2: the buckets of 1 to 2 and of 2 to 4.
    let positive = ExponentialHistogramDataPoint {
        positive: buckets(0, vec![1, 2]),
        ..measured.clone()
    };
    assert_eq!(estimated(positive), "mm gauge,min=1,max=4,sum=6,count=3");
    // Base 4: from -16 to 0.
    let negative = ExponentialHistogramDataPoint {
        scale: -1,
        sum: Some(-6.0),
        zero_count: 1,
        negative: buckets(1, vec![2]),
        ..measured
    };
    assert_eq!(estimated(negative), "mm gauge,min=-16,max=0,sum=-6,count=3");
}

#[test]
fn extremes_of_any_scale_and_offset_are_numbers() {
    for scale in [i32::MIN, -11, 0, 20, i32::MAX] {
        for offset in [i32::MIN, 0, i32::MAX] {
            let buckets = Some(Buckets {
                offset,
                bucket_counts: vec![1, 1],
            });
            let point = ExponentialHistogramDataPoint {
                count: 4,
                sum: Some(1.0),
                scale,
                positive: buckets.clone(),
                negative: buckets,
                ..ExponentialHistogramDataPoint::default()
            };
            let (low, high) = crate::otlp::extremes::of_exponential(&point, 0.25);
            assert!(low.is_finite() && high.is_finite() && low <= 0.25 && high >= 0.25);
        }
    }
}
