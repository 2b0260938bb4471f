//! From the configuration to the running pipeline.

use std::time::Duration;

use opentelemetry::metrics::MeterProvider;
use opentelemetry::{InstrumentationScope, global};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{
    OTEL_METRIC_EXPORT_INTERVAL, OTEL_METRIC_EXPORT_INTERVAL_DEFAULT, SdkMeterProvider,
};

use super::Builder;
use crate::dynatrace::{Exporter, Format, PULSE, SCOPE};
use crate::instrument;
use crate::pipeline::bridge::Bridge;
use crate::pipeline::delivery::Delivery;
use crate::pipeline::error::Error;
use crate::pipeline::failures::Failures;
use crate::pipeline::handle::{Handle, Owner};
use crate::pipeline::pacer::{self, Pacer};
use crate::pipeline::place::Place;
use crate::registry::{catalog, conflicts};

/// How long dropping the handle may take, unless the program says.
pub(in crate::pipeline) const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// The scope of the exporter's own numbers.
const HEALTH_SCOPE: &str = "dt-metrics.exporter";

impl Builder {
    /// As [`Builder::install`].
    pub(super) fn start(self) -> Result<Handle, Error> {
        let place = Place::take()?;
        if self.strict {
            let conflicts = conflicts(&catalog());
            if !conflicts.is_empty() {
                return Err(Error::Conflicts(conflicts));
            }
        }
        let by_otlp = self.by_otlp();
        let with_zeros = self.dynatrace.zero_counts && !by_otlp;
        // Only readers of exporters that hold nobody up may be flushed each time.
        let all_ours = self.exporters.iter().all(|added| added.ours.is_some());
        let alone = self.configure.is_empty() && all_ours;
        let by_lines = self.exporters.is_empty() && !self.no_exporter;
        let delivery = if by_otlp || by_lines {
            Delivery::by(Exporter::new(self.dynatrace)?)
        } else {
            Delivery::NONE
        };
        if let Some(limit) = self.cardinality_limit {
            instrument::set_cardinality_limit(limit);
        }

        // The line protocol carries none.
        let buckets = by_otlp || delivery.exporter().is_none() || !self.configure.is_empty();

        let interval = self.push_interval.unwrap_or_else(default_interval);
        let given = self
            .exporters
            .iter()
            .filter_map(|added| added.ours.as_ref());
        let ours: Vec<_> = given.chain(delivery.exporter()).collect();
        let watchers = ours.iter().map(|exporter| exporter.losses()).collect();
        let alone = alone && (delivery.exporter().is_some() || !self.exporters.is_empty());
        if !alone {
            for exporter in ours {
                exporter.spread(pacer::spread(interval));
            }
        }

        let mut provider = SdkMeterProvider::builder();
        if let Some(name) = self.service_name {
            provider = provider.with_resource(Resource::builder().with_service_name(name).build());
        }
        let failures = Failures::default();
        let timer = if alone { pacer::NEVER } else { interval };
        provider = delivery.add_to(provider, timer);
        for added in self.exporters {
            provider = (added.add)(provider, timer, failures.clone());
        }
        for configure in self.configure {
            provider = configure(provider);
        }
        let provider = provider.build();
        if with_zeros && delivery.exporter().is_some() {
            add_pulse(&provider);
        }

        if let Some(exporter) = delivery.exporter().filter(|_| self.health_metrics) {
            exporter.observe_health(&provider.meter(HEALTH_SCOPE));
        }
        let bridge =
            Bridge::start(&provider, interval, buckets, watchers).map_err(Error::Thread)?;
        let pacer = alone
            .then(|| Pacer::start(provider.clone(), interval))
            .transpose()
            .map_err(Error::Thread)?;
        let handle = Handle::new(
            provider.clone(),
            Owner::Pipeline(failures),
            bridge,
            delivery,
            pacer,
            self.shutdown_timeout.unwrap_or(SHUTDOWN_TIMEOUT),
            place,
        );
        if self.flush_on_termination {
            handle.flush_on_termination().map_err(Error::Signal)?;
        }
        if !self.not_global {
            global::set_meter_provider(provider);
        }
        Ok(handle)
    }

    fn by_otlp(&self) -> bool {
        self.dynatrace.format != Format::Lines
    }
}

/// The SDK's own, from the environment or not.
pub(in crate::pipeline) fn default_interval() -> Duration {
    std::env::var(OTEL_METRIC_EXPORT_INTERVAL)
        .ok()
        .and_then(|text| text.parse().map(Duration::from_millis).ok())
        .filter(|interval| !interval.is_zero())
        .unwrap_or(OTEL_METRIC_EXPORT_INTERVAL_DEFAULT)
}

/// Gives every collection a point, without which the SDK does not export it. The exporter leaves
/// the point out.
fn add_pulse(provider: &SdkMeterProvider) {
    let scope = InstrumentationScope::builder(SCOPE).build();
    provider
        .meter_with_scope(scope)
        .u64_observable_gauge(PULSE)
        .with_callback(|observer| observer.observe(1, &[]))
        .build();
}
