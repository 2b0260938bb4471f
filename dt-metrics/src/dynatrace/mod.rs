//! The exporter.
#![allow(missing_docs, dead_code, clippy::all)]
mod endpoint;
mod error;
mod health;
mod options;
pub use endpoint::EndpointError;
pub use error::*;
pub use health::Health;
pub(crate) use options::{Options, shared_options};
#[derive(Clone, Debug)]
pub struct Exporter;
impl Exporter {
    pub(crate) fn new(_: Options) -> Result<Self, ConfigError> {
        Ok(Self)
    }
    pub fn health(&self) -> Health {
        Health::default()
    }
    pub fn flush(&self, _: std::time::Duration) -> Result<(), ExportError> {
        Ok(())
    }
    pub fn shutdown(&self, _: std::time::Duration) -> Result<(), ExportError> {
        Ok(())
    }
    pub(crate) fn for_pipeline(self) -> Self {
        self
    }
}
impl opentelemetry_sdk::metrics::exporter::PushMetricExporter for Exporter {
    async fn export(
        &self,
        m: &opentelemetry_sdk::metrics::data::ResourceMetrics,
    ) -> opentelemetry_sdk::error::OTelSdkResult {
        let _ = m;
        Ok(())
    }
    fn force_flush(&self) -> opentelemetry_sdk::error::OTelSdkResult {
        Ok(())
    }
    fn shutdown_with_timeout(
        &self,
        _timeout: std::time::Duration,
    ) -> opentelemetry_sdk::error::OTelSdkResult {
        Ok(())
    }
    fn temporality(&self) -> opentelemetry_sdk::metrics::Temporality {
        opentelemetry_sdk::metrics::Temporality::Delta
    }
}
