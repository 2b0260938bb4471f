//! One collection to request bodies, in either format.

pub(crate) mod body;
pub(crate) mod lines;
#[cfg(feature = "otlp")]
pub(crate) mod otlp;
pub(crate) mod series;
pub(crate) mod warnings;

use crate::dynatrace::config::Config;
use crate::dynatrace::config::protocol::Protocol;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::encode::lines::{Encoded, Encoder};
#[cfg(feature = "otlp")]
use crate::dynatrace::encode::otlp::OtlpEncoder;
#[cfg(feature = "otlp")]
use crate::dynatrace::encode::warnings::Notes;
use opentelemetry_sdk::metrics::data::ResourceMetrics;

/// Writes collections.
pub(crate) enum Writer {
    Lines(Box<Encoder>),
    #[cfg(feature = "otlp")]
    Otlp(OtlpEncoder),
}

impl Writer {
    pub(crate) fn new(config: &Config) -> Self {
        match config.protocol {
            Protocol::Lines => Self::Lines(Box::new(Encoder::new(config))),
            #[cfg(feature = "otlp")]
            Protocol::Otlp(_) => Self::Otlp(OtlpEncoder::new(config)),
        }
    }

    /// Writes a collection. Bodies that are full before its end may go to `full`, so that they are
    /// sent meanwhile; the last are in what is returned.
    pub(crate) fn write(
        &mut self,
        metrics: &ResourceMetrics,
        full: impl FnMut(Vec<Body>),
    ) -> Encoded {
        match self {
            Self::Lines(encoder) => encoder.encode(metrics, full),
            #[cfg(feature = "otlp")]
            Self::Otlp(encoder) => Encoded {
                bodies: encoder.encode(metrics),
                notes: Notes::default(),
            },
        }
    }
}
