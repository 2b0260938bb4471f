//! The exporter that the builder made itself, whose deadlines the handle keeps.

use std::time::Duration;

use opentelemetry_sdk::metrics::{MeterProviderBuilder, PeriodicReader};

use crate::dynatrace::{ExportError, Exporter, Health, Mark};

/// One of ours, or none.
#[derive(Debug)]
pub(super) struct Delivery(Option<Exporter>);

/// Taken before a collection: what is refused from then on is an error of that call.
#[derive(Clone, Copy)]
pub(super) struct Since(Option<Mark>);

impl Delivery {
    pub(super) const NONE: Self = Self(None);

    pub(super) fn by(exporter: Exporter) -> Self {
        Self(Some(exporter))
    }

    pub(super) fn exporter(&self) -> Option<&Exporter> {
        self.0.as_ref()
    }

    /// Makes the provider collect for it at each interval.
    pub(super) fn add_to(
        &self,
        provider: MeterProviderBuilder,
        interval: Duration,
    ) -> MeterProviderBuilder {
        match &self.0 {
            None => provider,
            Some(exporter) => {
                let reader = PeriodicReader::builder(exporter.clone().for_pipeline())
                    .with_interval(interval);
                provider.with_reader(reader.build())
            }
        }
    }

    pub(super) fn health(&self) -> Health {
        self.0.as_ref().map(Exporter::health).unwrap_or_default()
    }

    pub(super) fn mark(&self) -> Result<Since, ExportError> {
        self.0.as_ref().map(Exporter::mark).transpose().map(Since)
    }

    /// Lets it attempt at once, if it pauses.
    pub(super) fn hurry(&self) {
        if let Some(exporter) = &self.0 {
            exporter.hurry();
        }
    }

    pub(super) fn flush(&self, since: Since, timeout: Duration) -> Result<(), ExportError> {
        match (&self.0, since) {
            (Some(exporter), Since(Some(mark))) => exporter.flush_since(mark, timeout),
            _ => Ok(()),
        }
    }

    pub(super) fn shutdown(&self, since: Since, timeout: Duration) -> Result<(), ExportError> {
        match (&self.0, since) {
            (Some(exporter), Since(Some(mark))) => exporter.shutdown_since(mark, timeout),
            _ => Ok(()),
        }
    }
}
