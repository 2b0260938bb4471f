//! The body of an answer. Written by a server: nothing in it is taken on trust.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use prost::Message as _;

/// How many data points an accepted request lost all the same, and why.
pub(in crate::dynatrace) fn refused(answer: &[u8]) -> Option<(u64, String)> {
    let partial = ExportMetricsServiceResponse::decode(answer)
        .ok()?
        .partial_success?;
    let points = u64::try_from(partial.rejected_data_points).ok()?;
    (points > 0).then_some((points, partial.error_message))
}

/// What can be read of an answer: one in protobuf is words and a few bytes around them.
pub(in crate::dynatrace) fn words(answer: &[u8]) -> String {
    String::from_utf8_lossy(answer)
        .chars()
        .filter(|c| !c.is_control() && *c != char::REPLACEMENT_CHARACTER)
        .collect()
}
