//! Encodes one collection into request bodies: pure, without I/O and without locks.
//!
//! Imports `config`, `line`, `registry`, `instrument` and the leaf files next to `error`.

pub(crate) mod attribute;
pub(crate) mod body;
pub(crate) mod buckets;
mod idle;
mod lines;
#[cfg(feature = "otlp")]
pub(crate) mod otlp;
pub(crate) mod warnings;
mod watch;

use std::time::SystemTime;

use opentelemetry_sdk::metrics::data::ResourceMetrics;
use tokio::time::Instant;

use crate::dynatrace::config::Config;
use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::encode::idle::IdleLevels;
pub(crate) use crate::dynatrace::encode::lines::Encoded;
use crate::dynatrace::encode::lines::LinesEncoder;
#[cfg(feature = "otlp")]
use crate::dynatrace::encode::otlp::OtlpEncoder;
use crate::dynatrace::encode::watch::Watch;

/// Encodes collections in the configured protocol.
pub(crate) struct Encoder {
    protocol: ProtocolEncoder,
    idle: IdleLevels,
    overflow: Watch,
    saturation: Watch,
}

enum ProtocolEncoder {
    Lines(Box<LinesEncoder>),
    #[cfg(feature = "otlp")]
    Otlp(OtlpEncoder),
}

impl Encoder {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            protocol: match config.protocol.format {
                Format::Lines => ProtocolEncoder::Lines(Box::new(LinesEncoder::new(config))),
                #[cfg(feature = "otlp")]
                Format::Otlp => ProtocolEncoder::Otlp(OtlpEncoder::new(config)),
            },
            idle: IdleLevels::new(config.options.pipeline.gauge_expiry),
            overflow: Watch::overflow(),
            saturation: Watch::saturation(),
        }
    }

    /// Encodes collections as if their counts and values had begun and ended at these times.
    pub(crate) fn set_times(&mut self, start: SystemTime, end: SystemTime) {
        // A line has one time.
        #[cfg(not(feature = "otlp"))]
        let _ = start;
        match &mut self.protocol {
            ProtocolEncoder::Lines(encoder) => encoder.set_time(end),
            #[cfg(feature = "otlp")]
            ProtocolEncoder::Otlp(encoder) => encoder.set_times(start, end),
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
        let ended = self.idle.ended(metrics, now);
        let mut encoded = match &mut self.protocol {
            ProtocolEncoder::Lines(encoder) => encoder.encode(metrics, ended, now, full),
            #[cfg(feature = "otlp")]
            ProtocolEncoder::Otlp(encoder) => Encoded {
                bodies: encoder.encode(metrics, ended, full),
                ..Encoded::default()
            },
        };
        self.overflow.report(metrics, now, &mut encoded.report);
        self.saturation.report(metrics, now, &mut encoded.report);
        encoded
    }
}
