//! Encodes one collection into request bodies: pure, without I/O and without locks.
//!
//! Imports `config`, `line`, `registry` and the leaves beside `error`.

pub(crate) mod body;
mod lines;
#[cfg(feature = "otlp")]
pub(crate) mod otlp;
pub(crate) mod warnings;

use opentelemetry_sdk::metrics::data::ResourceMetrics;
use tokio::time::Instant;

use crate::dynatrace::config::Config;
use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::encode::lines::{Encoded, LinesEncoder};
#[cfg(feature = "otlp")]
use crate::dynatrace::encode::otlp::OtlpEncoder;

/// Encodes collections in the configured protocol.
pub(crate) enum Encoder {
    Lines(Box<LinesEncoder>),
    #[cfg(feature = "otlp")]
    Otlp(OtlpEncoder),
}

impl Encoder {
    pub(crate) fn new(config: &Config) -> Self {
        match config.protocol.format {
            Format::Lines => Self::Lines(Box::new(LinesEncoder::new(config))),
            #[cfg(feature = "otlp")]
            Format::Otlp => Self::Otlp(OtlpEncoder::new(config)),
        }
    }

    /// Encodes one collection. Bodies that are full before its end may be passed to `full`, so
    /// that they are sent meanwhile; the remaining bodies are returned.
    pub(crate) fn encode(
        &mut self,
        metrics: &ResourceMetrics,
        now: Instant,
        full: impl FnMut(Vec<Body>),
    ) -> Encoded {
        match self {
            Self::Lines(encoder) => encoder.encode(metrics, now, full),
            #[cfg(feature = "otlp")]
            Self::Otlp(encoder) => Encoded {
                bodies: encoder.encode(metrics),
                ..Encoded::default()
            },
        }
    }
}
