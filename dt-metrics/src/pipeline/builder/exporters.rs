//! Where the metrics go, and what else is in the provider.

use std::any::Any;
use std::time::Duration;

use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{MeterProviderBuilder, PeriodicReader};

use super::Builder;
use crate::dynatrace::Exporter;
#[cfg(feature = "otlp")]
use crate::dynatrace::Format;
use crate::pipeline::failures::{Failures, Noted};

pub(super) type Configure = Box<dyn FnOnce(MeterProviderBuilder) -> MeterProviderBuilder + Send>;
type AddExporter =
    Box<dyn FnOnce(MeterProviderBuilder, Duration, Failures) -> MeterProviderBuilder + Send>;

/// An exporter of the program's.
pub(super) struct Added {
    pub(super) add: AddExporter,
    /// If it is one of this crate's.
    pub(super) ours: Option<Exporter>,
}

impl Builder {
    /// Adds an exporter in place of the default one; any number, each pushed at the interval.
    ///
    /// With one or more of these the Dynatrace exporter is made only if it is one of them, and
    /// the options of this builder about sending lines (endpoint, token, prefix, dimensions,
    /// buffers) do nothing: give them to its own builder.
    /// [`Handle::health`](crate::Handle::health) has no numbers of exporters that are added here.
    ///
    /// ```
    /// use dt_metrics::dynatrace::Exporter;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let exporter = Exporter::builder().prefix("shop").build()?;
    /// let metrics = dt_metrics::builder().exporter(exporter.clone()).install()?;
    /// println!("{:?}", exporter.health());
    /// # drop(metrics);
    /// # Ok(())
    /// # }
    /// ```
    pub fn exporter(mut self, exporter: impl PushMetricExporter) -> Self {
        let ours = (&exporter as &dyn Any).downcast_ref().cloned();
        let add = Box::new(move |provider: MeterProviderBuilder, interval, failures| {
            let noted = Noted { exporter, failures };
            let reader = PeriodicReader::builder(noted).with_interval(interval);
            provider.with_reader(reader.build())
        });
        self.exporters.push(Added { add, ours });
        self
    }

    /// Sends the same metrics by OTLP (protobuf over HTTP), in place of the line protocol.
    ///
    /// The first of these decides where:
    ///
    /// 1. what the program sets with [`endpoint`](Self::endpoint): an environment of Dynatrace, as
    ///    for lines (`…/api/v2/metrics/ingest` becomes `…/api/v2/otlp/v1/metrics`), or any path
    ///    that ends in `/v1/metrics`;
    /// 2. the Collector of `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT` or `OTEL_EXPORTER_OTLP_ENDPOINT`,
    ///    with what `OTEL_EXPORTER_OTLP_HEADERS`, `…_TIMEOUT`, `…_CERTIFICATE` and
    ///    `…_METRICS_TEMPORALITY_PREFERENCE` say, and without the token for Dynatrace;
    /// 3. Dynatrace, as `DT_METRICS_INGEST_URL` or the file of the Kubernetes operator say;
    /// 4. a Collector on this host, `http://localhost:4318/v1/metrics`.
    ///
    /// Counters and histograms are deltas, unless a Collector is asked for another temporality.
    /// Prefix, default dimensions and the host's dimensions are added as to lines. A collection of
    /// more than 15,000 data points or 4 MB, what Dynatrace takes at once, is sent in parts. With
    /// `OTEL_EXPORTER_OTLP_COMPRESSION=gzip`, which Dynatrace recommends, requests are about a tenth
    /// of their size.
    ///
    /// All else is as for lines: what cannot be sent now waits and is sent again for an hour, with
    /// [`spool_dir`](Self::spool_dir) also by the next process;
    /// [`ambiguous_delivery`](Self::ambiguous_delivery) and
    /// [`on_delivery_event`](Self::on_delivery_event) apply, and
    /// [`Handle::health`](crate::Handle::health) counts each data point as a line (what a receiver
    /// refuses of an accepted request is in `lines_invalid`). Only [`export_zero_counts`](Self::export_zero_counts) does nothing here. A
    /// token is never sent unencrypted to another host, unless
    /// [`allow_cleartext_token`](Self::allow_cleartext_token) says so.
    ///
    /// To send to both, add the exporter for lines, too. What one cannot deliver does not hold up
    /// the other, and each has its own [`health`](Exporter::health): that of the handle is OTLP's.
    ///
    /// ```
    /// use dt_metrics::dynatrace::Exporter;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let lines = Exporter::builder().build()?;
    /// let metrics = dt_metrics::builder().otlp().exporter(lines.clone()).install()?;
    ///
    /// println!("data points by OTLP: {}", metrics.health().lines_ok);
    /// println!("lines: {}", lines.health().lines_ok);
    /// # drop(metrics);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "otlp")]
    pub fn otlp(mut self) -> Self {
        self.dynatrace.format = Format::Otlp;
        self
    }

    /// Makes no exporter: only what [`configure_provider`](Self::configure_provider) adds (default:
    /// the Dynatrace exporter is made).
    pub fn no_exporter(mut self) -> Self {
        self.no_exporter = true;
        self
    }

    /// Everything else that the SDK offers: readers, views, resources.
    ///
    /// ```
    /// use opentelemetry_sdk::metrics::{Instrument, Stream};
    ///
    /// # fn main() -> Result<(), dt_metrics::Error> {
    /// let metrics = dt_metrics::builder()
    ///     .configure_provider(|provider| {
    ///         provider.with_view(|instrument: &Instrument| {
    ///             let renamed = Stream::builder().with_name("new.name").build().ok()?;
    ///             (instrument.name() == "old.name").then_some(renamed)
    ///         })
    ///     })
    ///     .install()?;
    /// # drop(metrics);
    /// # Ok(())
    /// # }
    /// ```
    pub fn configure_provider(
        mut self,
        configure: impl FnOnce(MeterProviderBuilder) -> MeterProviderBuilder + Send + 'static,
    ) -> Self {
        self.configure.push(Box::new(configure));
        self
    }
}
