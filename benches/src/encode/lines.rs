//! The line layer alone: keys and dimensions are there, the payload is checked and formatted.

use dt_metrics::line::{Dimensions, MetricKey, Number, Payload, write_line};
use opentelemetry_sdk::metrics::data::{ResourceMetrics, SumDataPoint};

use super::bench::Writer;
use super::points::{Values, metrics, pair};

pub(super) const NAME: &str = "dt-metrics: write_line, keys and dimensions at hand";

/// A metric, normalised.
pub(super) struct Metric {
    pub(super) key: MetricKey,
    pub(super) series: Vec<Dimensions>,
}

/// Normalises all series of a collection.
pub(super) fn normalize(collection: &ResourceMetrics) -> Vec<Metric> {
    let defaults = [("dt.metrics.source", "opentelemetry")];
    let series = |point: &SumDataPoint<u64>| {
        let pairs: Vec<_> = point.attributes().map(pair).collect();
        let measured: Vec<_> = pairs.iter().map(|(k, v)| (*k, v.as_str())).collect();
        Dimensions::from_layers(&[&defaults, &measured]).expect("six dimensions")
    };
    metrics(collection)
        .map(|(metric, _, points)| Metric {
            key: MetricKey::new(metric.name()).expect("the series have names"),
            series: points.map(series).collect(),
        })
        .collect()
}

/// `write_line` of every point into one buffer.
#[derive(Default)]
pub(super) struct Lines {
    metrics: Vec<Metric>,
    values: Values,
    text: String,
}

impl Writer for Lines {
    fn name(&self) -> &'static str {
        NAME
    }

    fn prepare(&mut self, collection: &ResourceMetrics) {
        if self.metrics.is_empty() {
            self.metrics = normalize(collection);
        }
        self.values.read(collection);
    }

    fn write(&mut self, _: &ResourceMetrics) {
        self.text.clear();
        let mut values = self.values.iter();
        for metric in &self.metrics {
            for (dimensions, (value, time_ms)) in metric.series.iter().zip(&mut values) {
                write_line(
                    &mut self.text,
                    &metric.key,
                    dimensions,
                    &Payload::Count(Number::U64(value)),
                    Some(time_ms),
                )
                .expect("a count has a line");
                self.text.push('\n');
            }
        }
    }

    fn bytes(&self) -> usize {
        self.text.len()
    }
}
