//! The protocols that metrics are sent in, and their settings and formats.

#[cfg(feature = "otlp")]
use std::io::Write;

#[cfg(feature = "otlp")]
use flate2::write::GzEncoder;
use opentelemetry_sdk::metrics::Temporality;
use reqwest::header::HeaderMap;
use secrecy::SecretString;

/// The shortest header value that is treated as a secret.
const MIN_SECRET: usize = 8;

#[derive(Clone, Debug)]
pub(crate) enum Protocol {
    /// The metric line protocol.
    Lines,
    #[cfg(feature = "otlp")]
    Otlp(OtlpSettings),
}

/// The settings of a receiver of OTLP.
#[cfg(feature = "otlp")]
#[derive(Clone, Debug)]
pub(crate) struct OtlpSettings {
    /// The headers of a Collector; their values are sensitive.
    pub(crate) headers: HeaderMap,
    pub(crate) temporality: Temporality,
    /// Whether it is an endpoint of Dynatrace, which accepts the token.
    pub(crate) is_dynatrace: bool,
    pub(crate) compression: Compression,
}

#[cfg(feature = "otlp")]
impl OtlpSettings {
    pub(super) fn dynatrace(compression: Compression) -> Self {
        Self {
            headers: HeaderMap::new(),
            temporality: Temporality::Delta,
            is_dynatrace: true,
            compression,
        }
    }
}

impl Protocol {
    pub(crate) fn format(&self) -> Format {
        match self {
            Self::Lines => Format::Lines,
            #[cfg(feature = "otlp")]
            Self::Otlp(_) => Format::Otlp,
        }
    }

    /// Whether requests go to a Collector and not to Dynatrace.
    pub(crate) fn is_for_collector(&self) -> bool {
        match self {
            Self::Lines => false,
            #[cfg(feature = "otlp")]
            Self::Otlp(settings) => !settings.is_dynatrace,
        }
    }

    /// The headers of each request, in addition to the token. Their values are sensitive.
    pub(crate) fn headers(&self) -> HeaderMap {
        match self {
            Self::Lines => HeaderMap::new(),
            #[cfg(feature = "otlp")]
            Self::Otlp(settings) => settings.headers.clone(),
        }
    }

    /// The secrets in the headers: each value, and its part after a scheme such as `Bearer`.
    pub(crate) fn secrets(&self) -> Vec<SecretString> {
        self.headers()
            .values()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| [Some(text), text.split_once(' ').map(|(_, part)| part)])
            .flatten()
            .filter(|text| text.len() >= MIN_SECRET)
            .map(Into::into)
            .collect()
    }

    pub(crate) fn temporality(&self) -> Temporality {
        match self {
            // Counts of the line protocol are deltas.
            Self::Lines => Temporality::Delta,
            #[cfg(feature = "otlp")]
            Self::Otlp(settings) => settings.temporality,
        }
    }
}

/// The format of a request body: a protocol without its settings.
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
            "it ends in /api/v2/metrics/ingest, for a OneAgent in /metrics/ingest",
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
#[cfg(feature = "otlp")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Compression {
    None,
    Gzip,
}

#[cfg(feature = "otlp")]
impl Compression {
    /// The compressed bytes and their encoding; `None` if they are sent as they are.
    pub(crate) fn pack(self, bytes: &[u8]) -> Option<(Vec<u8>, &'static str)> {
        match self {
            Self::None => None,
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
