//! The protocol that metrics are sent in: its format and its settings.

#[cfg(feature = "otlp")]
use std::io::Write;

#[cfg(feature = "otlp")]
use flate2::write::GzEncoder;
use opentelemetry_sdk::metrics::Temporality;
use reqwest::header::HeaderMap;
use secrecy::SecretString;

/// The shortest header value that is treated as a secret.
const MIN_SECRET: usize = 8;

/// A format, and the settings of its receiver.
#[derive(Clone, Debug)]
pub(crate) struct Protocol {
    pub(crate) format: Format,
    /// The headers of each request, in addition to the token. Their values are sensitive.
    pub(crate) headers: HeaderMap,
    pub(crate) temporality: Temporality,
    /// Whether requests go to a Collector, which must not receive the token of Dynatrace.
    pub(crate) is_for_collector: bool,
    pub(crate) compression: Compression,
}

impl Protocol {
    /// The protocol for an endpoint of Dynatrace, which accepts counts as deltas only.
    pub(super) fn dynatrace(format: Format, compression: Compression) -> Self {
        Self {
            format,
            headers: HeaderMap::new(),
            temporality: Temporality::Delta,
            is_for_collector: false,
            compression,
        }
    }

    /// The secrets in the headers: each value, and its part after a scheme such as `Bearer`.
    pub(crate) fn secrets(&self) -> Vec<SecretString> {
        self.headers
            .values()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| [Some(text), text.split_once(' ').map(|(_, part)| part)])
            .flatten()
            .filter(|text| text.len() >= MIN_SECRET)
            .map(Into::into)
            .collect()
    }
}

/// The format of a request body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Format {
    /// Metric lines.
    Lines,
    /// OpenTelemetry's protobuf.
    #[cfg(feature = "otlp")]
    Otlp,
}

impl Format {
    #[cfg_attr(not(feature = "otlp"), expect(unused_variables))]
    fn select(self, lines: &'static str, otlp: &'static str) -> &'static str {
        match self {
            Self::Lines => lines,
            #[cfg(feature = "otlp")]
            Self::Otlp => otlp,
        }
    }

    /// Completes "sending metrics …".
    pub(super) fn describe(self) -> &'static str {
        self.select("to Dynatrace", "over OTLP")
    }

    pub(crate) fn content_type(self) -> &'static str {
        self.select("text/plain; charset=utf-8", "application/x-protobuf")
    }

    /// The parts of a request that an endpoint accepts or rejects.
    pub(crate) fn parts(self) -> &'static str {
        self.select("lines", "data points")
    }

    /// Describes the path of an endpoint.
    pub(crate) fn path_hint(self) -> &'static str {
        self.select(
            "it ends in /api/v2/metrics/ingest, for a OneAgent in /metrics/ingest, and for a platform \
             token in /platform/classic/environment-api/v2/metrics/ingest",
            "for Dynatrace it ends in /api/v2/otlp/v1/metrics, for a Collector it is /v1/metrics",
        )
    }

    /// The beginning of the names of spool slots, so that a process sends only bodies in the format
    /// that its endpoint accepts.
    pub(crate) fn slot_prefix(self) -> &'static str {
        self.select("slot-", "otlp-")
    }

    /// The extension of the files in a spool slot.
    pub(crate) fn extension(self) -> &'static str {
        self.select("lines", "otlp")
    }
}

/// The compression of request bodies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Compression {
    None,
    #[cfg(feature = "otlp")]
    Gzip,
}

impl Compression {
    /// The compressed bytes and their encoding; `None` if they are sent as they are.
    #[cfg_attr(not(feature = "otlp"), expect(unused_variables))]
    pub(crate) fn pack(self, bytes: &[u8]) -> Option<(Vec<u8>, &'static str)> {
        match self {
            Self::None => None,
            #[cfg(feature = "otlp")]
            Self::Gzip => {
                // The fastest level makes metrics about a tenth of their size. Writing to memory
                // does not fail.
                let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(bytes).ok()?;
                Some((encoder.finish().ok()?, "gzip"))
            }
        }
    }
}
