//! The series that the exporters are compared by: five dimensions each, one of which needs escapes.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, MeterProvider};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider, exporter::PushMetricExporter};
use std::time::Duration;

/// Series of one counter: below the SDK's limit of 2,000.
const A_COUNTER: usize = 1_000;

/// A pipeline of the SDK with so many series, each of which changes in each cycle.
pub(crate) struct Series {
    provider: SdkMeterProvider,
    counters: Vec<Counter<u64>>,
    attributes: Vec<[KeyValue; 5]>,
}

impl Series {
    pub(crate) fn new(series: usize, exporter: impl PushMetricExporter) -> Self {
        // Nothing is collected but on demand.
        let reader = PeriodicReader::builder(exporter)
            .with_interval(Duration::from_secs(86_400))
            .build();
        let provider = SdkMeterProvider::builder().with_reader(reader).build();
        let meter = provider.meter("bench");
        let counters = (0..series.div_ceil(A_COUNTER))
            .map(|i| meter.u64_counter(format!("shop.orders.placed_{i}")).build())
            .collect();
        Self {
            provider,
            counters,
            attributes: (0..series).map(attributes).collect(),
        }
    }

    /// Adds to every series.
    pub(crate) fn change(&self, cycle: u64) {
        for (i, attributes) in self.attributes.iter().enumerate() {
            self.counters[i / A_COUNTER].add(cycle * 1_000 + i as u64 % 977 + 1, attributes);
        }
    }

    /// Collects and exports.
    pub(crate) fn collect(&self) -> OTelSdkResult {
        self.provider.force_flush()
    }
}

fn attributes(i: usize) -> [KeyValue; 5] {
    const REGIONS: [&str; 4] = ["eu-west-1", "eu-central-1", "us-east-1", "ap-south-1"];
    const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];
    [
        KeyValue::new("region", REGIONS[i % 4]),
        KeyValue::new("http.request.method", METHODS[i / 4 % 4]),
        KeyValue::new("http.route", format!("/api/v2/orders/{}", i / 16 % 100)),
        KeyValue::new("customer", format!("No. {}, \"Smith = Sons\"", i % 333)),
        KeyValue::new("host.name", format!("node-{i:06}.example.com")),
    ]
}
