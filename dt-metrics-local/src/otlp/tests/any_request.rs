//! Tests with generated requests.

use opentelemetry_proto::tonic::metrics::v1::{Gauge, Histogram, HistogramDataPoint};
use proptest::prelude::*;

use super::{DELTA, Data, KeyValue, Metric, Sum, judged, metric, number, text};
use crate::protocol::{Line, Metadata};

fn names() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[a-zA-Z0-9_. é-]{0,12}", "[a-z]{250,260}"]
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    let attribute = (names(), "\\PC{0,40}|.{0,40}").prop_map(|(key, value)| text(&key, &value));
    proptest::collection::vec(attribute, 0..6)
}

fn metrics() -> impl Strategy<Value = Metric> {
    let numbers = || {
        let number = (any::<f64>(), attributes()).prop_map(|(value, it)| number(value, it));
        proptest::collection::vec(number, 0..4)
    };
    let values = proptest::collection::vec(-1e6..1e6, 0..6);
    let data = prop_oneof![
        numbers().prop_map(|data_points| Data::Gauge(Gauge { data_points })),
        (numbers(), any::<bool>(), 0..4).prop_map(|(data_points, is_monotonic, temporality)| {
            Data::Sum(Sum {
                data_points,
                aggregation_temporality: temporality,
                is_monotonic,
            })
        }),
        (values, attributes()).prop_map(|(values, attributes)| Data::Histogram(Histogram {
            data_points: vec![histogram(&values, attributes)],
            aggregation_temporality: DELTA,
        })),
    ];
    (names(), data, names(), any::<String>()).prop_map(|(name, data, unit, description)| Metric {
        unit,
        description,
        ..metric(&name, data)
    })
}

fn histogram(values: &[f64], attributes: Vec<KeyValue>) -> HistogramDataPoint {
    let below = values.iter().filter(|value| **value <= 0.0).count() as u64;
    let count = values.len() as u64;
    HistogramDataPoint {
        attributes,
        count,
        sum: Some(values.iter().sum()),
        explicit_bounds: vec![0.0],
        bucket_counts: vec![below, count - below],
        ..HistogramDataPoint::default()
    }
}

proptest! {
    /// Every data point is either a line that a strict reader takes, or refused.
    #[test]
    fn accepted_points_are_counted_in_lines(metrics in proptest::collection::vec(metrics(), 0..4)) {
        let points = super::super::count_points(&super::request(metrics.clone()));
        let judged = judged(metrics);
        prop_assert_eq!(judged.lines.len() + judged.rejected.len(), points);
        prop_assert_eq!(judged.lines.len(), judged.points.len());
        let is_silent = judged.rejected.is_empty() && judged.noted.is_empty();
        prop_assert_eq!(is_silent, judged.reasons.is_empty());
        for mut line in judged.lines {
            if line.key.len() == 2 {
                continue; // Long enough for OTLP, but not for a metric line.
            }
            line.notes.clear();
            let read: Line = line.text.parse().map_err(|error| {
                TestCaseError::fail(format!("{:?}: {error}", line.text))
            })?;
            prop_assert_eq!(read, line);
        }
        for rejected in judged.rejected {
            prop_assert!(rejected.text.is_char_boundary(rejected.error.offset()));
        }
        for metadata in judged.metadata {
            if metadata.key.len() == 2 {
                continue;
            }
            let read: Metadata = metadata.text.parse().map_err(|error| {
                TestCaseError::fail(format!("{:?}: {error}", metadata.text))
            })?;
            prop_assert_eq!(read, metadata);
        }
    }
}
