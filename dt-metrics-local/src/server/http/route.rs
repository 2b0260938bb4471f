//! The routes of ingest requests: their paths, protocols and limits.

use crate::protocol::limits;
use crate::store::Protocol;

/// The OneAgent's API limits lines, not bytes: the size of that many lines of maximum length.
const ONEAGENT_BYTES: usize = limits::ONEAGENT_LINES * limits::LINE;

/// The API that a request is addressed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// The Dynatrace API, directly or through an ActiveGate.
    Dynatrace,
    /// The OneAgent's API on the host, which requires no token.
    OneAgent,
    /// The Dynatrace API for OTLP.
    #[cfg(feature = "otlp")]
    DynatraceOtlp,
    /// A Collector, which requires no token.
    #[cfg(feature = "otlp")]
    Collector,
}

impl Route {
    pub(crate) fn protocol(self) -> Protocol {
        match self {
            Self::Dynatrace | Self::OneAgent => Protocol::Lines,
            #[cfg(feature = "otlp")]
            Self::DynatraceOtlp | Self::Collector => Protocol::Otlp,
        }
    }

    pub(crate) fn requires_token(self) -> bool {
        match self {
            Self::Dynatrace => true,
            Self::OneAgent => false,
            #[cfg(feature = "otlp")]
            Self::DynatraceOtlp => true,
            #[cfg(feature = "otlp")]
            Self::Collector => false,
        }
    }

    /// The largest body, after decompression.
    pub(crate) fn max_bytes(self) -> usize {
        match self {
            Self::Dynatrace => limits::REQUEST_BYTES,
            Self::OneAgent => ONEAGENT_BYTES,
            #[cfg(feature = "otlp")]
            Self::DynatraceOtlp | Self::Collector => crate::otlp::limits::REQUEST_BYTES,
        }
    }

    /// The maximum number of lines in a request.
    pub(crate) fn max_lines(self) -> usize {
        if self == Self::OneAgent {
            limits::ONEAGENT_LINES
        } else {
            usize::MAX
        }
    }
}
