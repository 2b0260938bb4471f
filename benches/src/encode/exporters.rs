//! Exporters, from the SDK's data to bodies: ours, and the way of `opentelemetry-otlp`.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use dt_metrics::dynatrace;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use prost::Message;

use super::writer::Writer;
use crate::sink::Sink;

pub(super) const OURS: &str = "dt-metrics: exporter, from the SDK's data to request bodies";

/// This library's exporter, and where it sends.
pub(super) struct Ours {
    exporter: dynatrace::Exporter,
    sink: Sink,
    before: u64,
}

impl Ours {
    pub(super) fn new() -> Self {
        let sink = Sink::start().expect("a port of the loopback interface");
        let exporter = dynatrace::Exporter::builder()
            .endpoint(sink.dynatrace_url())
            .build()
            .expect("the exporter starts");
        Self {
            exporter,
            sink,
            before: 0,
        }
    }
}

impl Writer for Ours {
    fn name(&self) -> &'static str {
        OURS
    }

    fn prepare(&mut self, _: &ResourceMetrics) {
        self.before = self.sink.bytes();
    }

    fn write(&mut self, collection: &ResourceMetrics) {
        let export = pin!(self.exporter.export(collection));
        let done = export.poll(&mut Context::from_waker(Waker::noop()));
        assert!(
            matches!(done, Poll::Ready(Ok(()))),
            "it only fills its queue"
        );
    }

    fn settle(&mut self) {
        self.exporter
            .flush(Duration::from_secs(60))
            .expect("the sink takes everything");
    }

    fn bytes(&self) -> usize {
        usize::try_from(self.sink.bytes() - self.before).unwrap_or(usize::MAX)
    }
}

/// OTLP: transforms and encodes.
#[derive(Default)]
pub(super) struct Otlp {
    bytes: usize,
}

impl Writer for Otlp {
    fn name(&self) -> &'static str {
        "opentelemetry-proto 0.33: OTLP request, encoded"
    }

    fn write(&mut self, collection: &ResourceMetrics) {
        let request = ExportMetricsServiceRequest::from(collection);
        self.bytes = request.encode_to_vec().len();
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}
