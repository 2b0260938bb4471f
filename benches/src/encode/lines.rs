//! The line layer alone, with keys and dimensions at hand; and its floor, the same bytes copied.

use dt_metrics::line::{Dimensions, MetricKey, Number, Payload, write_line};
use opentelemetry_sdk::metrics::data::{ResourceMetrics, SumDataPoint};

use super::writer::{Values, Writer, metrics, pair};

pub(super) const LINES: &str = "dt-metrics: write_line, keys and dimensions at hand";

/// A metric, normalised.
struct Metric {
    key: MetricKey,
    series: Vec<Dimensions>,
}

/// Normalises all series of a collection.
fn normalize(collection: &ResourceMetrics) -> Vec<Metric> {
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
        LINES
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

pub(super) const FLOOR: &str = "floor: memcpy and itoa of the same bytes";

/// Copies the bytes and formats the numbers of the lines, and checks nothing.
#[derive(Default)]
pub(super) struct Floor {
    /// All of each line before its number.
    heads: Vec<Box<str>>,
    values: Values,
    text: Vec<u8>,
}

impl Writer for Floor {
    fn name(&self) -> &'static str {
        FLOOR
    }

    fn prepare(&mut self, collection: &ResourceMetrics) {
        if self.heads.is_empty() {
            let metrics = normalize(collection);
            let heads = metrics.iter().flat_map(|metric| {
                let head = |dimensions| format!("{}{dimensions} count,delta=", metric.key).into();
                metric.series.iter().map(head)
            });
            self.heads = heads.collect();
        }
        self.values.read(collection);
    }

    fn write(&mut self, _: &ResourceMetrics) {
        self.text.clear();
        let mut numbers = itoa::Buffer::new();
        for (head, (value, time_ms)) in self.heads.iter().zip(self.values.iter()) {
            self.text.extend_from_slice(head.as_bytes());
            self.text
                .extend_from_slice(numbers.format(value).as_bytes());
            self.text.push(b' ');
            self.text
                .extend_from_slice(numbers.format(time_ms).as_bytes());
            self.text.push(b'\n');
        }
    }

    fn bytes(&self) -> usize {
        self.text.len()
    }
}
