//! The exporters that are compared.

use std::error::Error;
use std::time::Duration;

use clap::ValueEnum;
use dt_metrics::dynatrace;
use opentelemetry_otlp::{MetricExporter, Protocol, WithExportConfig};
use opentelemetry_sdk::metrics::Temporality;

use crate::child::Discard;
use crate::series::Series;
use crate::sink::Sink;

const TIMEOUT: Duration = Duration::from_secs(60);

/// Room for a whole collection: the default, or more than the bytes of all lines.
const MIN_BUFFER: usize = 64 * 1024 * 1024;
const A_LINE: usize = 512;

/// One of the exporters.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Kind {
    /// Collects, and discards the collection.
    None,
    /// `dt-metrics`.
    Lines,
    /// `dt-metrics` over OTLP.
    OursByOtlp,
    /// `opentelemetry-otlp` over HTTP with protobuf.
    Otlp,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "collection alone, by the SDK",
            Self::Lines => "dt-metrics",
            Self::OursByOtlp => "dt-metrics over OTLP",
            Self::Otlp => "opentelemetry-otlp 0.33, HTTP and protobuf",
        }
    }

    pub(super) fn url(self, sink: &Sink) -> String {
        match self {
            Self::None => String::new(),
            Self::Lines => sink.dynatrace_url(),
            Self::OursByOtlp | Self::Otlp => sink.otlp_url(),
        }
    }

    /// A pipeline that ends in this exporter.
    pub(super) fn pipeline(self, series: usize, url: &str) -> Pipeline {
        match self {
            Self::None => Pipeline {
                series: Series::new(series, Discard),
                exporter: None,
            },
            Self::Lines | Self::OursByOtlp => {
                let mut exporter = dynatrace::Exporter::builder()
                    .endpoint(url)
                    .buffer_limit_bytes(MIN_BUFFER.max(series * A_LINE))
                    .request_timeout(TIMEOUT);
                if self == Self::OursByOtlp {
                    exporter = exporter.otlp();
                }
                let exporter = exporter.build().expect("the exporter starts");
                Pipeline {
                    series: Series::new(series, exporter.clone()),
                    exporter: Some(exporter),
                }
            }
            Self::Otlp => {
                let exporter = MetricExporter::builder()
                    .with_http()
                    .with_protocol(Protocol::HttpBinary)
                    .with_endpoint(url)
                    .with_timeout(TIMEOUT)
                    .with_temporality(Temporality::Delta)
                    .build()
                    .expect("the exporter starts");
                Pipeline {
                    series: Series::new(series, exporter),
                    exporter: None,
                }
            }
        }
    }
}

/// Series and the exporter that they go to.
pub(super) struct Pipeline {
    series: Series,
    /// Ours, which answers a collection before its lines are sent.
    exporter: Option<dynatrace::Exporter>,
}

impl Pipeline {
    pub(super) fn change(&self, cycle: u64) {
        self.series.change(cycle);
    }

    /// Returns when all is answered, with the reason if it is not.
    pub(super) fn export(&self) -> Result<(), Box<dyn Error>> {
        self.series.collect()?;
        if let Some(exporter) = &self.exporter {
            exporter.flush(TIMEOUT)?;
            let dropped = exporter.health().points_dropped;
            if dropped > 0 {
                return Err(format!("{dropped} data points were dropped").into());
            }
        }
        Ok(())
    }
}
