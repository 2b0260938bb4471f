//! Exporters of the program's.

use std::any::Any;
use std::time::Duration;

use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{MeterProviderBuilder, PeriodicReader};

use crate::dynatrace::Exporter;
use crate::pipeline::failures::{Failures, Noted};

type AddExporter =
    Box<dyn FnOnce(MeterProviderBuilder, Duration, Failures) -> MeterProviderBuilder + Send>;

/// An exporter of the program's.
pub(super) struct Added {
    pub(super) add: AddExporter,
    /// If it is one of this crate's.
    pub(super) ours: Option<Exporter>,
}

impl Added {
    pub(super) fn new(exporter: impl PushMetricExporter) -> Self {
        let ours = (&exporter as &dyn Any).downcast_ref().cloned();
        let add = Box::new(move |provider: MeterProviderBuilder, interval, failures| {
            let noted = Noted { exporter, failures };
            let reader = PeriodicReader::builder(noted).with_interval(interval);
            provider.with_reader(reader.build())
        });
        Self { add, ours }
    }
}
