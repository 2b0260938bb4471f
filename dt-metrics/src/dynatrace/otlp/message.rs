//! What is sent.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use prost::Message as _;
use prost::bytes::Bytes;
use tokio::time::Instant;

use super::alter::{halves, points};

/// One collection in protobuf.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) body: Bytes,
    /// Data points in it.
    pub(super) points: u64,
    pub(super) collected: Instant,
    /// The last part of its collection, or all of it.
    pub(super) is_last: bool,
}

impl Message {
    pub(super) fn new(mut request: ExportMetricsServiceRequest, collected: Instant) -> Self {
        Self {
            points: points(&mut request),
            body: request.encode_to_vec().into(),
            collected,
            is_last: true,
        }
    }

    /// In two, for a receiver that takes no more at once; `None` if there is only one point.
    pub(super) fn halves(&self) -> Option<[Self; 2]> {
        let request = ExportMetricsServiceRequest::decode(self.body.clone()).ok()?;
        let [mut first, mut second] = halves(request)?.map(|half| Self::new(half, self.collected));
        first.is_last = false;
        second.is_last = self.is_last;
        Some([first, second])
    }
}
