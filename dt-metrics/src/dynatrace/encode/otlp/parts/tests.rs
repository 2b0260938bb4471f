mod series;

use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Histogram, HistogramDataPoint, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum,
};
use proptest::prelude::*;

use crate::dynatrace::encode::otlp::parts::*;

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

/// Each point with its complete description.
fn described(request: &ExportMetricsServiceRequest) -> Vec<String> {
    let mut all = Vec::new();
    for resource in &request.resource_metrics {
        for scope in &resource.scope_metrics {
            for metric in &scope.metrics {
                for index in 0..length(metric) {
                    let mut alone = metric.clone();
                    if let Some(data) = alone.data.take() {
                        let mut indexes = 0..;
                        [_, alone.data] = partition(data, |_| indexes.next() == Some(index));
                    }
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

fn length(metric: &Metric) -> usize {
    match &metric.data {
        Some(Data::Gauge(data)) => data.data_points.len(),
        Some(Data::Sum(data)) => data.data_points.len(),
        Some(Data::Histogram(data)) => data.data_points.len(),
        _ => 0,
    }
}

fn points(request: &mut ExportMetricsServiceRequest) -> u64 {
    metrics(request).map(|metric| length(metric) as u64).sum()
}

proptest! {
    #[test]
    fn halves_hold_each_point_once_in_order(
        scopes in prop::collection::vec(prop::collection::vec(0_usize..5, 0..5), 0..4),
    ) {
        let mut whole = request(&scopes);
        let (count, expected) = (points(&mut whole), described(&whole));
        let encoded = divide(&whole.encode_to_vec(), count);
        prop_assert_eq!(encoded.len(), if count < 2 { 0 } else { 2 });
        let [(mut first, some), (mut second, others)] = halves(whole, count);
        prop_assert_eq!((points(&mut first), points(&mut second)), (some, others));
        prop_assert_eq!((some, some + others), (count / 2, count));
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
