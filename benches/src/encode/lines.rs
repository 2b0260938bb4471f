//! The line layer alone: keys and dimensions are there, the payload is checked and formatted.

use dt_metrics::line::{Dimensions, MetricKey, Number, Payload, write_line};
use opentelemetry_sdk::metrics::data::ResourceMetrics;

use super::bench::Writer;
use super::points::{metrics, pair};

pub(super) const NAME: &str = "dt-metrics: write_line, keys and dimensions at hand";

/// A point, normalised.
pub(super) struct Point {
    pub(super) key: MetricKey,
    pub(super) dimensions: Dimensions,
    pub(super) value: u64,
    pub(super) time_ms: i64,
}

/// Normalises the points of a collection.
pub(super) fn normalize(collection: &ResourceMetrics) -> Vec<Point> {
    let mut points = Vec::new();
    for (metric, time_ms, data) in metrics(collection) {
        let key = MetricKey::new(metric.name()).expect("the series have names");
        for point in data {
            let pairs: Vec<_> = point.attributes().map(pair).collect();
            let measured: Vec<_> = pairs.iter().map(|(k, v)| (*k, v.as_str())).collect();
            let defaults = [("dt.metrics.source", "opentelemetry")];
            points.push(Point {
                key: key.clone(),
                dimensions: Dimensions::from_layers(&[&defaults, &measured])
                    .expect("six dimensions"),
                value: point.value(),
                time_ms,
            });
        }
    }
    points
}

/// `write_line` of every point into one buffer.
#[derive(Default)]
pub(super) struct Lines {
    points: Vec<Point>,
    text: String,
}

impl Writer for Lines {
    fn name(&self) -> &'static str {
        NAME
    }

    fn prepare(&mut self, collection: &ResourceMetrics) {
        self.points = normalize(collection);
    }

    fn write(&mut self, _: &ResourceMetrics) {
        self.text.clear();
        for point in &self.points {
            write_line(
                &mut self.text,
                &point.key,
                &point.dimensions,
                &Payload::Count(Number::U64(point.value)),
                Some(point.time_ms),
            )
            .expect("a count has a line");
            self.text.push('\n');
        }
    }

    fn bytes(&self) -> usize {
        self.text.len()
    }
}
