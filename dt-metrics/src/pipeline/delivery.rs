//! The exporter that the builder made itself, whose deadlines the handle keeps.

use std::time::Duration;

use opentelemetry_sdk::metrics::{MeterProviderBuilder, PeriodicReader};

use crate::dynatrace::{ExportError, Exporter, Health, Mark};
#[cfg(feature = "otlp")]
use crate::dynatrace::{OtlpExporter, OtlpMark};

/// One of ours, or none.
#[derive(Debug)]
pub(super) enum Delivery {
    None,
    Lines(Exporter),
    #[cfg(feature = "otlp")]
    Otlp(OtlpExporter),
}

/// Taken before a collection: what is refused from then on is an error of that call.
#[derive(Clone, Copy)]
pub(super) enum Since {
    Nothing,
    Lines(Mark),
    #[cfg(feature = "otlp")]
    Otlp(OtlpMark),
}

impl Delivery {
    pub(super) fn is_some(&self) -> bool {
        !matches!(self, Self::None)
    }

    pub(super) fn lines(&self) -> Option<&Exporter> {
        match self {
            Self::Lines(exporter) => Some(exporter),
            Self::None => None,
            #[cfg(feature = "otlp")]
            Self::Otlp(_) => None,
        }
    }

    /// Makes the provider collect for it at each interval.
    pub(super) fn add_to(
        &self,
        provider: MeterProviderBuilder,
        interval: Duration,
    ) -> MeterProviderBuilder {
        macro_rules! add {
            ($exporter:expr) => {{
                let reader = PeriodicReader::builder($exporter).with_interval(interval);
                provider.with_reader(reader.build())
            }};
        }
        match self {
            Self::None => provider,
            Self::Lines(exporter) => add!(exporter.clone().for_pipeline()),
            #[cfg(feature = "otlp")]
            Self::Otlp(exporter) => add!(exporter.clone()),
        }
    }

    pub(super) fn health(&self) -> Health {
        self.lines().map(Exporter::health).unwrap_or_default()
    }

    pub(super) fn mark(&self) -> Result<Since, ExportError> {
        Ok(match self {
            Self::None => Since::Nothing,
            Self::Lines(exporter) => Since::Lines(exporter.mark()?),
            #[cfg(feature = "otlp")]
            Self::Otlp(exporter) => Since::Otlp(exporter.mark()),
        })
    }

    /// Lets it attempt at once, if it pauses.
    pub(super) fn hurry(&self) {
        match self {
            Self::None => {}
            Self::Lines(exporter) => exporter.hurry(),
            #[cfg(feature = "otlp")]
            Self::Otlp(exporter) => exporter.hurry(),
        }
    }

    pub(super) fn flush(&self, since: Since, timeout: Duration) -> Result<(), ExportError> {
        match (self, since) {
            (Self::Lines(exporter), Since::Lines(mark)) => exporter.flush_since(mark, timeout),
            #[cfg(feature = "otlp")]
            (Self::Otlp(exporter), Since::Otlp(mark)) => exporter.flush_since(mark, timeout),
            _ => Ok(()),
        }
    }

    pub(super) fn shutdown(&self, since: Since, timeout: Duration) -> Result<(), ExportError> {
        match (self, since) {
            (Self::Lines(exporter), Since::Lines(mark)) => exporter.shutdown_since(mark, timeout),
            #[cfg(feature = "otlp")]
            (Self::Otlp(exporter), Since::Otlp(mark)) => exporter.shutdown_since(mark, timeout),
            _ => Ok(()),
        }
    }
}
