//! Requests over OTLP/HTTP, and their answers.
//!
//! Source: OpenTelemetry specification, "OTLP/HTTP" (answers, partial success, `Status` of errors);
//! Dynatrace documentation, "OpenTelemetry metrics ingest API" (statuses) and "About OTLP metrics
//! ingest" (400 if all data points are invalid, else 200 with a partial success).

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use prost::Message;

use super::judgement::{Judgement, Rules};
use crate::otlp::{self, Judged, limits};
use crate::protocol::Record;
use crate::server::http::{Received, Unread, is_gzip};
use crate::server::response::Answer;
use crate::store::Contents;

const PROTOBUF: &str = "application/x-protobuf";

/// The body of a refusal, `google.rpc.Status`.
#[derive(Clone, PartialEq, prost::Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// Judges a request whose token is accepted: encoding, content type, size, then each data point on
/// its own.
pub(super) fn judge(headers: &HeaderMap, received: &Received, rules: &Rules) -> Judgement {
    if headers.contains_key(CONTENT_ENCODING) && !is_gzip(headers) {
        let message = "The only Content-Encoding that is taken is gzip \
                       (OTEL_EXPORTER_OTLP_COMPRESSION=gzip; in a Collector, compression: gzip)";
        return refusal(415, message).into();
    }
    if !is_protobuf(headers) {
        let message = "Content-Type must be application/x-protobuf: neither JSON nor gRPC is taken \
                       (OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf)";
        return refusal(415, message).into();
    }
    let content = match &received.content {
        Ok(content) => content.as_slice(),
        Err(Unread::TooLarge) => {
            let message = "Request body is too large, the limit is 4 MB (decompressed)";
            return refusal(413, message).into();
        }
        Err(Unread::Broken(error)) => {
            let message = format!("Request body is not gzip: {error}");
            return refusal(400, &message).into();
        }
    };
    let request = match ExportMetricsServiceRequest::decode(content) {
        Ok(request) => request,
        Err(error) => {
            let message = format!("Request body is not an ExportMetricsServiceRequest: {error}");
            return refusal(400, &message).into();
        }
    };
    if otlp::count_points(&request) > limits::POINTS {
        return refusal(413, "Request has more than 15000 data points").into();
    }
    let judged = otlp::judge(&request, &rules.reader, rules.refused_on_demand);
    Judgement {
        answer: answer(&judged),
        contents: Contents {
            accepted: judged.lines.into_iter().map(Record::Line).collect(),
            rejected: judged.rejected,
            noted: judged.noted,
            repeated: judged.metadata,
            points: judged.points,
        },
    }
}

/// The number of data points in a body; 0 if it is not readable.
pub(super) fn count(content: &[u8]) -> usize {
    ExportMetricsServiceRequest::decode(content).map_or(0, |request| otlp::count_points(&request))
}

/// A refusal of a whole request, in the format that OTLP clients read.
pub(super) fn refusal(status: u16, message: &str) -> Answer {
    let body = Status {
        code: code(status),
        message: message.to_owned(),
    };
    protobuf(status, &body).because(message)
}

fn answer(judged: &Judged) -> Answer {
    let rejected = judged.rejected.len();
    if judged.reasons.is_empty() {
        return protobuf(200, &ExportMetricsServiceResponse::default());
    }
    // With no rejected data points, the message is a warning about accepted ones.
    let error_message = judged.reasons.join("; ");
    if judged.lines.is_empty() {
        return refusal(400, &error_message);
    }
    let partial_success = Some(ExportMetricsPartialSuccess {
        rejected_data_points: i64::try_from(rejected).unwrap_or(i64::MAX),
        error_message,
    });
    protobuf(200, &ExportMetricsServiceResponse { partial_success })
}

fn protobuf(status: u16, body: &impl Message) -> Answer {
    Answer::new(status)
        .header(CONTENT_TYPE.as_str(), PROTOBUF)
        .body(body.encode_to_vec())
}

/// The `google.rpc.Code` for an HTTP status.
fn code(status: u16) -> i32 {
    match status {
        400 | 415 => 3, // INVALID_ARGUMENT
        401 => 16,      // UNAUTHENTICATED
        403 => 7,       // PERMISSION_DENIED
        413 | 429 => 8, // RESOURCE_EXHAUSTED
        503 => 14,      // UNAVAILABLE
        _ => 2,         // UNKNOWN
    }
}

fn is_protobuf(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|media_type| media_type.trim().eq_ignore_ascii_case(PROTOBUF))
}
