//! The exporters that are compared.

use std::error::Error;
use std::time::Duration;

use dt_metrics::dynatrace;
use opentelemetry_otlp::{MetricExporter, Protocol, RetryPolicy, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider, Temporality};

const INTERVAL: Duration = Duration::from_secs(1);

/// Longer than any outage here.
const PATIENCE: Duration = Duration::from_secs(600);

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Ours,
    /// `opentelemetry-otlp` as it is.
    Otlp,
    /// `opentelemetry-otlp`, set to retry for longer than the outage lasts.
    PatientOtlp,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Ours, Self::Otlp, Self::PatientOtlp];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ours => "dt-metrics over OTLP",
            Self::Otlp => "opentelemetry-otlp 0.33",
            Self::PatientOtlp => "opentelemetry-otlp 0.33, with ten minutes of retries",
        }
    }

    pub(super) fn provider(
        self,
        url: &str,
    ) -> Result<SdkMeterProvider, Box<dyn Error + Send + Sync>> {
        Ok(match self {
            Self::Ours => provider(
                dynatrace::Exporter::builder()
                    .endpoint(url)
                    .otlp()
                    .build()?,
            ),
            Self::Otlp => provider(builder(url).build()?),
            Self::PatientOtlp => {
                let policy = RetryPolicy::default().with_max_retries(usize::MAX);
                let exporter = builder(url)
                    .with_timeout(PATIENCE)
                    .with_retry_policy(policy);
                provider(exporter.build()?)
            }
        })
    }
}

fn builder(
    url: &str,
) -> opentelemetry_otlp::MetricExporterBuilder<opentelemetry_otlp::HttpExporterBuilderSet> {
    MetricExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(url)
        .with_temporality(Temporality::Delta)
}

fn provider(exporter: impl PushMetricExporter) -> SdkMeterProvider {
    let reader = PeriodicReader::builder(exporter).with_interval(INTERVAL);
    SdkMeterProvider::builder()
        .with_reader(reader.build())
        .build()
}
