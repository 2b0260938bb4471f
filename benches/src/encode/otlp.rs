//! OTLP: the same collection as protobuf, the way of `opentelemetry-otlp`.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use prost::Message;

use super::bench::Writer;

/// Transforms and encodes.
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
