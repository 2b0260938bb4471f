use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{HistogramDataPoint, NumberDataPoint};
use proptest::prelude::*;

use crate::dynatrace::encode::otlp::split::*;

/// A metric of one of three kinds with so many points.
fn metric(number: usize, points: usize) -> Metric {
    let numbers = || {
        (0..points).map(|point| NumberDataPoint {
            value: Some(Value::AsInt(i64::try_from(point).expect("few"))),
            ..NumberDataPoint::default()
        })
    };
    let data = match number % 3 {
        0 => Data::Gauge(Gauge {
            data_points: numbers().collect(),
        }),
        1 => Data::Sum(Sum {
            data_points: numbers().collect(),
            aggregation_temporality: 1,
            is_monotonic: true,
        }),
        _ => Data::Histogram(Histogram {
            data_points: (0..points)
                .map(|point| HistogramDataPoint {
                    count: point as u64,
                    ..HistogramDataPoint::default()
                })
                .collect(),
            aggregation_temporality: 1,
        }),
    };
    Metric {
        name: format!("metric {number}"),
        unit: "By".into(),
        data: Some(data),
        ..Metric::default()
    }
}

fn request(scopes: &[Vec<usize>]) -> ExportMetricsServiceRequest {
    let scope_metrics = scopes.iter().map(|metrics| ScopeMetrics {
        schema_url: format!("{} metrics", metrics.len()),
        metrics: (0..)
            .zip(metrics)
            .map(|(number, points)| metric(number, *points))
            .collect(),
        ..ScopeMetrics::default()
    });
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            scope_metrics: scope_metrics.collect(),
            schema_url: "resource".into(),
            ..ResourceMetrics::default()
        }],
    }
}

/// Each point with all that is said of it.
fn described(request: &ExportMetricsServiceRequest) -> Vec<String> {
    let mut all = Vec::new();
    for resource in &request.resource_metrics {
        for scope in &resource.scope_metrics {
            for metric in &scope.metrics {
                for point in 0..length(metric) {
                    let mut alone = metric.clone();
                    let mut alone = tail(&mut alone, point);
                    drop(tail(&mut alone, 1));
                    all.push(format!(
                        "{} {} {alone:?}",
                        resource.schema_url, scope.schema_url
                    ));
                }
            }
        }
    }
    all
}

proptest! {
    #[test]
    fn halves_hold_each_point_once_in_order(
        scopes in prop::collection::vec(prop::collection::vec(0_usize..5, 0..5), 0..4),
    ) {
        let whole = request(&scopes);
        let (count, expected) = (points(&whole), described(&whole));
        match halves(whole.clone()) {
            Err(kept) => {
                prop_assert!(count < 2);
                prop_assert_eq!(kept, whole);
            }
            Ok([first, second]) => {
                prop_assert_eq!(points(&first), count / 2);
                prop_assert_eq!([described(&first), described(&second)].concat(), expected);
                for half in [first, second] {
                    let scopes = half.resource_metrics.iter().flat_map(|it| &it.scope_metrics);
                    for scope in scopes {
                        prop_assert!(!scope.metrics.is_empty());
                        prop_assert!(scope.metrics.iter().all(|metric| length(metric) > 0));
                    }
                }
            }
        }
    }
}
