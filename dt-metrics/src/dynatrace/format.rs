//! How data points are written.

/// One for each way of sending.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Format {
    /// Of the metric line protocol.
    Lines,
    /// OpenTelemetry's protobuf.
    #[cfg(feature = "otlp")]
    Otlp,
}

impl Format {
    /// What the slots of a spool begin with, so that nothing is sent in another way than it was
    /// written for.
    pub(super) fn slot_prefix(self) -> &'static str {
        match self {
            Self::Lines => "slot-",
            #[cfg(feature = "otlp")]
            Self::Otlp => "otlp-",
        }
    }

    /// What the files in a slot end with.
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            #[cfg(feature = "otlp")]
            Self::Otlp => "otlp",
        }
    }
}
