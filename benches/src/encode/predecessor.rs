//! `opentelemetry-dynatrace` 0.4, the exporter of the OpenTelemetry project until 2023.

use opentelemetry_dynatrace::transform::{DimensionSet, MetricKey, MetricLine};
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk_v0_19::metrics::sdk_api::{Number, NumberKind};
use opentelemetry_v0_19::KeyValue;

use super::bench::Writer;
use super::points::{metrics, pair};

/// `MetricLine` to string, with the lines made beforehand.
#[derive(Default)]
pub(super) struct Predecessor {
    lines: Vec<MetricLine>,
    bytes: usize,
}

impl Writer for Predecessor {
    fn name(&self) -> &'static str {
        "opentelemetry-dynatrace 0.4: MetricLine to string"
    }

    fn prepare(&mut self, collection: &ResourceMetrics) {
        self.lines.clear();
        for (metric, time_ms, data) in metrics(collection) {
            for point in data {
                let mut dimensions = vec![KeyValue::new("dt.metrics.source", "opentelemetry")];
                dimensions.extend(point.attributes().map(|attribute| {
                    let (key, value) = pair(attribute);
                    KeyValue::new(key.to_owned(), value)
                }));
                let key = MetricKey::new(metric.name().to_owned());
                self.lines.push(
                    MetricLine::new(key, NumberKind::U64)
                        .dimensions(Some(DimensionSet::from(dimensions)))
                        .delta(Some(Number::from(point.value())))
                        .timestamp(u64::try_from(time_ms).ok()),
                );
            }
        }
    }

    fn write(&mut self, _: &ResourceMetrics) {
        self.bytes = 0;
        for line in &self.lines {
            self.bytes += line.to_string().len() + 1;
        }
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}
