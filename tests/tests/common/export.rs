//! A program that has only the exporter, and the server that it sends to.

use std::time::Duration;

use dt_metrics::dynatrace::{Exporter, ExporterBuilder};
use dt_metrics_local::Server;
use dt_metrics_local::protocol::Payload;
use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{
    Instrument, MeterProviderBuilder, PeriodicReader, SdkMeterProvider, Stream, Temporality,
};

use super::{AMPLE, NEVER};

/// Dropped in this order: the last collection still has somewhere to go.
pub struct Program {
    pub provider: SdkMeterProvider,
    pub exporter: Exporter,
    pub server: Server,
}

impl Program {
    pub fn new() -> Self {
        Self::build(|exporter| exporter, |provider| provider)
    }

    pub fn exporting(options: impl FnOnce(ExporterBuilder) -> ExporterBuilder) -> Self {
        Self::build(options, |provider| provider)
    }

    pub fn with_view(view: impl Fn(&Instrument) -> Option<Stream> + Send + Sync + 'static) -> Self {
        Self::build(|exporter| exporter, |provider| provider.with_view(view))
    }

    pub fn build(
        options: impl FnOnce(ExporterBuilder) -> ExporterBuilder,
        configure: impl FnOnce(MeterProviderBuilder) -> MeterProviderBuilder,
    ) -> Self {
        Self::make(Temporality::Delta, options, configure)
    }

    pub fn with_temporality(temporality: Temporality) -> Self {
        Self::make(temporality, |exporter| exporter, |provider| provider)
    }

    fn make(
        temporality: Temporality,
        options: impl FnOnce(ExporterBuilder) -> ExporterBuilder,
        configure: impl FnOnce(MeterProviderBuilder) -> MeterProviderBuilder,
    ) -> Self {
        let server = super::server();
        let builder = options(Exporter::builder().endpoint(server.url()));
        let exporter = builder.build().unwrap();
        let asking = Asking {
            exporter: exporter.clone(),
            temporality,
        };
        let reader = PeriodicReader::builder(asking).with_interval(NEVER).build();
        let provider = SdkMeterProvider::builder()
            .with_resource(Resource::builder_empty().build())
            .with_reader(reader);
        Self {
            server,
            exporter,
            provider: configure(provider).build(),
        }
    }

    pub fn meter(&self) -> Meter {
        self.provider.meter("program")
    }

    /// Collects, and waits until all of it is answered.
    pub fn flush(&self) {
        self.collect();
        self.exporter.flush(AMPLE).unwrap();
    }

    pub fn collect(&self) {
        self.provider.force_flush().unwrap();
    }
}

/// The exporter, with a preferred temporality that it may not support.
struct Asking {
    exporter: Exporter,
    temporality: Temporality,
}

impl PushMetricExporter for Asking {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        self.exporter.export(metrics).await
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn temporality(&self) -> Temporality {
        self.temporality
    }
}

/// The received payloads of one key, oldest first.
pub fn payloads(server: &Server, key: &str) -> Vec<Payload> {
    let lines = server.lines().into_iter();
    lines
        .filter(|line| line.key == key)
        .map(|line| line.payload)
        .collect()
}

/// The values of the lines of one series of gauges, oldest first; NaN for lines of another kind.
pub fn gauges(server: &Server, key: &str, dimensions: &[(&str, &str)]) -> Vec<f64> {
    let lines = server.lines().into_iter();
    lines
        .filter(|line| line.key == key && line.has_dimensions(dimensions))
        .map(|line| match line.payload {
            Payload::Gauge { value } => value,
            _ => f64::NAN,
        })
        .collect()
}
