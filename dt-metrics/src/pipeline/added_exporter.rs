//! Exporters that the program adds to the built-in one.

use std::io;
use std::time::Duration;

use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;

use super::aggregation::Aggregation;
use super::foreign_exporter::own_exporter;
use super::readers::Reader;
use crate::dynatrace::Exporter;

type AddToProvider = Box<
    dyn FnOnce(
            MeterProviderBuilder,
            Option<Duration>,
            Aggregation,
        ) -> io::Result<(MeterProviderBuilder, Reader)>
        + Send,
>;

/// An exporter that the program added to the builder.
pub(super) struct AddedExporter {
    add: AddToProvider,
    /// The exporter, if it is one of this crate's.
    pub(super) ours: Option<Exporter>,
}

impl AddedExporter {
    pub(super) fn new(exporter: impl PushMetricExporter) -> Self {
        let ours = own_exporter(&exporter);
        let add = Box::new(move |provider, interval, aggregation| {
            Reader::add(provider, exporter, interval, aggregation)
        });
        Self { add, ours }
    }

    /// Makes the provider collect for this exporter. See [`Reader::add`].
    pub(super) fn add_to(
        self,
        provider: MeterProviderBuilder,
        interval: Option<Duration>,
        aggregation: Aggregation,
    ) -> io::Result<(MeterProviderBuilder, Reader)> {
        (self.add)(provider, interval, aggregation)
    }
}
