//! One collection to request bodies, in either format.

use opentelemetry_sdk::metrics::data::ResourceMetrics;

use super::body::Body;
use super::config::Config;
use super::encode::{Encoded, Encoder};
#[cfg(feature = "otlp")]
use super::notes::Notes;
#[cfg(feature = "otlp")]
use super::otlp::OtlpEncoder;
use super::protocol::Protocol;

/// Writes collections.
pub(super) enum Writer {
    Lines(Box<Encoder>),
    #[cfg(feature = "otlp")]
    Otlp(OtlpEncoder),
}

impl Writer {
    pub(super) fn new(config: &Config) -> Self {
        match config.protocol {
            Protocol::Lines => Self::Lines(Box::new(Encoder::new(config))),
            #[cfg(feature = "otlp")]
            Protocol::Otlp(_) => Self::Otlp(OtlpEncoder::new(config)),
        }
    }

    /// The metadata of these keys did not arrive.
    pub(super) fn metadata_lost(&mut self, keys: &[Box<str>]) {
        match self {
            Self::Lines(encoder) => encoder.metadata_lost(keys),
            // Each request has its own.
            #[cfg(feature = "otlp")]
            Self::Otlp(_) => {}
        }
    }

    /// Writes a collection. Bodies that are full before its end may go to `full`, so that they are
    /// sent meanwhile; the last are in what is returned.
    pub(super) fn write(
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
