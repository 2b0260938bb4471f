//! `opentelemetry-dynatrace` 0.4, the exporter of the OpenTelemetry project until 2023.

use opentelemetry_dynatrace::transform::{DimensionSet, MetricKey, MetricLine};
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk_v0_19::metrics::sdk_api::{Number, NumberKind};
use opentelemetry_v0_19::KeyValue;

use super::bench::Writer;
use super::points::{metrics, pair};

/// A point as its own SDK would hand it over.
struct Record {
    name: String,
    attributes: Vec<KeyValue>,
    value: u64,
    time_ms: u64,
}

impl Record {
    fn line(&self) -> MetricLine {
        let source = KeyValue::new("dt.metrics.source", "opentelemetry");
        let dimensions: DimensionSet = self.attributes.iter().cloned().chain([source]).collect();
        MetricLine::new(MetricKey::new(self.name.clone()), NumberKind::U64)
            .dimensions(Some(dimensions))
            .delta(Some(Number::from(self.value)))
            .timestamp(Some(self.time_ms))
    }
}

fn records(collection: &ResourceMetrics) -> Vec<Record> {
    let mut records = Vec::new();
    for (metric, time_ms, data) in metrics(collection) {
        records.extend(data.map(|point| {
            Record {
                name: metric.name().to_owned(),
                attributes: point
                    .attributes()
                    .map(|attribute| {
                        let (key, value) = pair(attribute);
                        KeyValue::new(key.to_owned(), value)
                    })
                    .collect(),
                value: point.value(),
                time_ms: time_ms.unsigned_abs(),
            }
        }));
    }
    records
}

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
        self.lines = records(collection).iter().map(Record::line).collect();
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

/// Points to lines to strings, as its exporter does in each cycle.
#[derive(Default)]
pub(super) struct FromRecords {
    records: Vec<Record>,
    bytes: usize,
}

impl Writer for FromRecords {
    fn name(&self) -> &'static str {
        "opentelemetry-dynatrace 0.4: exporter, from its SDK's data to strings"
    }

    fn prepare(&mut self, collection: &ResourceMetrics) {
        self.records = records(collection);
    }

    fn write(&mut self, _: &ResourceMetrics) {
        self.bytes = 0;
        for record in &self.records {
            self.bytes += record.line().to_string().len() + 1;
        }
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}
