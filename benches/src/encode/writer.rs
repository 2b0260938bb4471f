//! A way to write a collection, and the points of a collection.

use std::time::UNIX_EPOCH;

use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::data::{
    AggregatedMetrics, Metric, MetricData, ResourceMetrics, ScopeMetrics, SumDataPoint,
};

/// Writes a collection in one way.
pub(super) trait Writer: Send {
    fn name(&self) -> &'static str;

    /// Not measured, before each `write`.
    fn prepare(&mut self, _collection: &ResourceMetrics) {}

    /// The measured operation.
    fn write(&mut self, collection: &ResourceMetrics);

    /// Not measured, after each `write`.
    fn settle(&mut self) {}

    /// How many bytes the last `write` wrote.
    fn bytes(&self) -> usize;
}

/// The counts of each metric, and their time in milliseconds.
pub(super) fn metrics(
    metrics: &ResourceMetrics,
) -> impl Iterator<Item = (&Metric, i64, impl Iterator<Item = &SumDataPoint<u64>>)> {
    metrics
        .scope_metrics()
        .flat_map(ScopeMetrics::metrics)
        .filter_map(|metric| match metric.data() {
            AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                let since = sum.time().duration_since(UNIX_EPOCH).unwrap_or_default();
                let time = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
                Some((metric, time, sum.data_points()))
            }
            _ => None,
        })
}

/// The key and the value of an attribute of the series, all of which are texts.
pub(super) fn pair(attribute: &KeyValue) -> (&str, String) {
    (
        attribute.key.as_str(),
        attribute.value.as_str().into_owned(),
    )
}

/// The changed values of a collection: the series and their order stay.
#[derive(Default)]
pub(super) struct Values(Vec<(u64, i64)>);

impl Values {
    pub(super) fn read(&mut self, collection: &ResourceMetrics) {
        self.0.clear();
        for (_, time_ms, points) in metrics(collection) {
            self.0.extend(points.map(|point| (point.value(), time_ms)));
        }
    }

    /// The value and the time in milliseconds of each point.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, i64)> {
        self.0.iter().copied()
    }
}
