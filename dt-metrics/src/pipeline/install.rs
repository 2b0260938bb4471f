//! Installation: from the settings to the running pipeline.

use std::time::Duration;

use opentelemetry::global;
use opentelemetry::metrics::MeterProvider;
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{
    MeterProviderBuilder, OTEL_METRIC_EXPORT_INTERVAL_DEFAULT, PeriodicReader, SdkMeterProvider,
    Temporality,
};

use super::aggregation::{Aggregation, Watched};
use super::bridge::{Bridge, Summing};
use super::error::Error;
use super::foreign_exporter::{AddedExporter, Failures};
use super::handle::Handle;
use super::lifecycle::Installed;
use super::running::{ProviderOwner, Running};
use super::schedule::{self, PushTimer};
use crate::dynatrace::{
    Exporter, Format, Options, process_environment, push_interval, sdk_disabled, unquoted,
};
use crate::instrument;
use crate::registry::{catalog, conflicts};

/// How long dropping the handle may take, unless the program sets a timeout.
pub(super) const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";
const RESOURCE_ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";

const QUOTES: [char; 2] = ['"', '\''];

/// The scope of the exporter's own metrics.
const HEALTH_SCOPE: &str = "dt-metrics.exporter";

type Configure = Box<dyn FnOnce(MeterProviderBuilder) -> MeterProviderBuilder + Send>;

/// The settings of the pipeline, without the options of the Dynatrace exporter.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own"
)]
pub(super) struct Settings {
    pub(super) push_interval: Option<Duration>,
    pub(super) exporters: Vec<AddedExporter>,
    pub(super) no_exporter: bool,
    pub(super) not_global: bool,
    pub(super) strict: bool,
    pub(super) flush_on_termination: bool,
    pub(super) service_name: Option<String>,
    pub(super) cardinality_limit: Option<u32>,
    pub(super) gauge_expiry: Option<Duration>,
    pub(super) configure: Vec<Configure>,
    pub(super) health_metrics: bool,
    pub(super) shutdown_timeout: Option<Duration>,
}

/// Checks the settings and starts the pipeline. Nothing is installed if it fails.
pub(super) fn install(options: Options, settings: Settings) -> Result<Handle, Error> {
    let installed = Installed::claim()?;
    let (is_disabled, invalid) = sdk_disabled(&process_environment);
    if is_disabled {
        return Ok(off(&settings, installed));
    }
    if let Some(warning) = invalid {
        tracing::warn!(target: "dt_metrics", "{warning}");
    }
    if settings.strict {
        require_no_conflicts()?;
    }
    let otlp = options.format != Format::Lines;
    let exporter = if otlp || (settings.exporters.is_empty() && !settings.no_exporter) {
        Some(Exporter::new(options)?)
    } else {
        None
    };
    if let Some(limit) = settings.cardinality_limit {
        instrument::set_cardinality_limit(limit);
    }

    let interval = settings.push_interval.unwrap_or_else(default_interval);
    // Metric lines carry no buckets.
    let buckets = otlp || exporter.is_none() || !settings.configure.is_empty();
    let given = settings
        .exporters
        .iter()
        .filter_map(|added| added.ours.as_ref());
    let ours: Vec<_> = given.chain(&exporter).collect();
    let watchers = ours.iter().map(|exporter| exporter.losses()).collect();
    // A reader whose exporter may block must not be flushed on our schedule, since it would hold up
    // the others. So the schedule is ours only if all exporters are.
    let all_ours = settings.exporters.iter().all(|added| added.ours.is_some());
    let our_schedule = all_ours && !ours.is_empty() && settings.configure.is_empty();
    let summing = summing(&ours, our_schedule);
    if !our_schedule {
        for exporter in ours {
            exporter.spread(schedule::spread(interval));
        }
    }

    let mut provider = SdkMeterProvider::builder();
    if let Some(resource) = resource(settings.service_name, &process_environment) {
        provider = provider.with_resource(resource);
    }
    let failures = Failures::default();
    let aggregation = Aggregation::default();
    let readers_interval = if our_schedule {
        schedule::NEVER
    } else {
        interval
    };
    if let Some(exporter) = &exporter {
        let reader = PeriodicReader::builder(Watched {
            exporter: exporter.clone().for_pipeline(),
            aggregation: aggregation.clone(),
        });
        provider = provider.with_reader(reader.with_interval(readers_interval).build());
    }
    for added in settings.exporters {
        provider = added.add_to(
            provider,
            readers_interval,
            failures.clone(),
            aggregation.clone(),
        );
    }
    for configure in settings.configure {
        provider = configure(provider);
    }
    let provider = provider.build();
    if let Some(exporter) = exporter.as_ref().filter(|_| settings.health_metrics) {
        exporter.observe_health(&provider.meter(HEALTH_SCOPE));
    }

    let bridge = Bridge::start(
        &provider,
        interval,
        buckets,
        watchers,
        aggregation,
        settings.gauge_expiry,
        summing,
    )
    .map_err(Error::Thread)?;
    let timer = our_schedule
        .then(|| PushTimer::start(provider.clone(), interval))
        .transpose()
        .map_err(Error::Thread)?;
    let handle = Handle::new(Running::new(
        provider.clone(),
        ProviderOwner::Pipeline(failures),
        Some(bridge),
        exporter,
        timer,
        settings.shutdown_timeout.unwrap_or(SHUTDOWN_TIMEOUT),
        installed,
    ));
    handle.deliver_at_exit().map_err(Error::Thread)?;
    if settings.flush_on_termination {
        handle.flush_on_termination().map_err(Error::Signal)?;
    }
    if !settings.not_global {
        global::set_meter_provider(provider);
    }
    Ok(handle)
}

fn require_no_conflicts() -> Result<(), Error> {
    let conflicts = conflicts(&catalog());
    if conflicts.is_empty() {
        Ok(())
    } else {
        Err(Error::Conflicts(conflicts))
    }
}

/// How long the readers of these exporters keep adding up. On our schedule there are no others.
fn summing(ours: &[&Exporter], our_schedule: bool) -> Summing {
    match ours {
        [only] if our_schedule && only.temporality() != Temporality::Cumulative => {
            Summing::ForOneCollection
        }
        _ => Summing::ForEver,
    }
}

/// The handle of a pipeline that the environment turns off: it has no thread, collects nothing and
/// reports nothing.
fn off(settings: &Settings, installed: Installed) -> Handle {
    Handle::new(Running::new(
        SdkMeterProvider::builder().build(),
        ProviderOwner::Pipeline(Failures::default()),
        None,
        None,
        None,
        settings.shutdown_timeout.unwrap_or(SHUTDOWN_TIMEOUT),
        installed,
    ))
}

/// The interval from the environment, or the SDK's default.
pub(super) fn default_interval() -> Duration {
    let (interval, warning) = push_interval(&process_environment);
    if let Some(warning) = warning {
        tracing::warn!(target: "dt_metrics", "{warning}");
    }
    interval.unwrap_or(OTEL_METRIC_EXPORT_INTERVAL_DEFAULT)
}

/// The resource of the provider; `None` for the SDK's own, which is the same unless the program sets
/// the name or there are quotes in the environment, which the SDK takes for a part of the values.
fn resource(
    service_name: Option<String>,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Option<Resource> {
    let text = |name| environment(name).unwrap_or_default();
    let [name, attributes] = [SERVICE_NAME, RESOURCE_ATTRIBUTES].map(text);
    let has_quotes = [&name, &attributes]
        .iter()
        .any(|text| text.contains(QUOTES));
    if !has_quotes {
        let name = service_name?;
        return Some(Resource::builder().with_service_name(name).build());
    }
    let detected = Resource::builder().build();
    let (quoted, plain): (Vec<_>, Vec<_>) = detected
        .iter()
        .partition(|(key, _)| key.as_str().contains(QUOTES));
    // A key with a quote is the same attribute as one without, and the one that was meant.
    let attributes = plain.into_iter().chain(quoted).map(|(key, value)| {
        let value = match value {
            Value::String(text) => unquoted_part(text.as_str()).to_owned().into(),
            other => other.clone(),
        };
        KeyValue::new(unquoted_part(key.as_str()).to_owned(), value)
    });
    let resource = Resource::builder_empty().with_attributes(attributes);
    let name = service_name.or_else(|| Some(unquoted(&name)?.to_owned()));
    Some(match name {
        Some(name) => resource.with_service_name(name).build(),
        None => resource.build(),
    })
}

/// A key or a value without the quotes around it, or around the whole list that it is from.
fn unquoted_part(text: &str) -> &str {
    text.trim_matches(QUOTES).trim()
}

#[cfg(test)]
mod tests;
