//! Installation: from the settings to the running pipeline.

use std::time::Duration;

use opentelemetry::global;
use opentelemetry::metrics::MeterProvider;
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{
    MeterProviderBuilder, OTEL_METRIC_EXPORT_INTERVAL_DEFAULT, SdkMeterProvider, Temporality,
};

use super::added_exporter::AddedExporter;
use super::aggregation::Aggregation;
use super::bridge::{Bridge, Limits, Summing};
use super::console::{Console, Printed};
use super::error::Error;
use super::handle::Handle;
use super::lifecycle::Installed;
use super::readers::Reader;
use super::running::{ProviderOwner, Running};
use crate::dynatrace::{
    ConfigError, Exporter, Format, Options, Redactor, Scope, Source, process_environment,
    process_names, read, sdk_disabled, token_variables, unknown_variables, unquoted,
};
use crate::instrument;
use crate::registry::{catalog, conflicts};

/// How long dropping the handle may take, unless the program sets a timeout.
pub(super) const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// The interval between two pushes, unless the program or the environment sets one.
pub(super) const DEFAULT_INTERVAL: Duration = OTEL_METRIC_EXPORT_INTERVAL_DEFAULT;

const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";
const RESOURCE_ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";

const QUOTES: [char; 2] = ['"', '\''];

/// The scope of the exporter's own metrics.
const HEALTH_SCOPE: &str = "dt-metrics.exporter";

type Configure = Box<dyn FnOnce(MeterProviderBuilder) -> MeterProviderBuilder + Send>;

/// The settings of the pipeline that only a program can make.
#[derive(Default)]
pub(super) struct Settings {
    pub(super) exporters: Vec<AddedExporter>,
    pub(super) configure: Vec<Configure>,
}

/// Checks the settings and starts the pipeline. Nothing is installed if it fails.
pub(super) fn install(mut options: Options, settings: Settings) -> Result<Handle, Error> {
    let installed = Installed::claim()?;
    let (is_disabled, invalid) = sdk_disabled(&process_environment);
    if is_disabled {
        return Ok(off(&options, installed));
    }
    read_environment(&mut options, invalid);
    let pipeline = options.pipeline.clone();
    if pipeline.strict {
        require_no_conflicts()?;
    }
    if is_turned_off(&options, &settings) {
        return Ok(off(&options, installed));
    }
    let resource = resource(pipeline.service_name, &process_environment);
    options.kept_cells = kept_cells(&options, &settings, resource.as_ref());
    let otlp = options.format != Format::Lines;
    let console = console(&options).map_err(Error::Thread)?;
    let (exporter, second) = built_in(options)?;
    if let Some(limit) = pipeline.cardinality_limit {
        instrument::set_cardinality_limit(limit);
    }

    let interval = pipeline.push_interval.unwrap_or(DEFAULT_INTERVAL);
    // Metric lines carry no buckets.
    let all_ours = settings.exporters.iter().all(|added| added.ours.is_some())
        // Otherwise the console has a reader of its own.
        && (exporter.is_some() || console.is_none());
    let buckets = otlp || exporter.is_none() || !all_ours || !settings.configure.is_empty();
    let given = settings
        .exporters
        .iter()
        .filter_map(|added| added.ours.as_ref());
    let ours: Vec<_> = given.chain(&exporter).chain(&second).collect();
    let watchers = ours.iter().map(|exporter| exporter.losses()).collect();
    // A reader whose exporter may block must not be flushed on our schedule, since it would delay
    // the other readers. So the schedule is ours only if all exporters are.
    let our_schedule = all_ours && !ours.is_empty() && settings.configure.is_empty();
    let summing = summing(&ours, our_schedule);

    let mut provider = SdkMeterProvider::builder();
    if let Some(resource) = resource {
        provider = provider.with_resource(resource);
    }
    let aggregation = Aggregation::default();
    // On our schedule, the bridge flushes the readers.
    let readers_interval = (!our_schedule).then_some(interval);
    let mut added = own_exporters(exporter.as_ref(), console.as_ref());
    added.extend(second.map(AddedExporter::new));
    added.extend(settings.exporters);
    // The program may add readers, which are flushed together with these.
    let is_configured = !settings.configure.is_empty();
    let mut readers = Vec::new();
    for added in added {
        let aggregation = aggregation.clone();
        let (with_reader, reader) = added
            .add_to(provider, readers_interval, aggregation)
            .map_err(Error::Thread)?;
        provider = with_reader;
        readers.push(reader);
    }
    for configure in settings.configure {
        provider = configure(provider);
    }
    let (provider, limits) = Limits::by_view(provider, our_schedule);
    let provider = provider.build();
    if is_configured {
        readers = vec![Reader::all(provider.clone(), &readers)];
    }
    if let (Some(exporter), true) = (&exporter, pipeline.health_metrics) {
        exporter.observe_health(&provider.meter(HEALTH_SCOPE));
    }

    let cells = exporter.as_ref().and_then(Exporter::cells);
    let bridge = Bridge::start(
        &provider,
        interval,
        our_schedule,
        buckets,
        watchers,
        aggregation,
        pipeline.gauge_expiry,
        summing,
        limits,
        cells,
    )
    .map_err(Error::Thread)?;
    let handle = Handle::new(Running::new(
        provider.clone(),
        ProviderOwner::Pipeline,
        readers,
        console,
        Some(bridge),
        exporter,
        pipeline.shutdown_timeout.unwrap_or(SHUTDOWN_TIMEOUT),
        installed,
    ));
    handle.deliver_at_exit();
    if pipeline.flush_on_termination {
        handle.flush_on_termination().map_err(Error::Signal)?;
    }
    if !pipeline.not_global {
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

/// The resource of the counts in cells, if they are kept in the spool: no other exporter takes them, no view
/// of the program changes them, and a forked child does not share them.
fn kept_cells(
    options: &Options,
    settings: &Settings,
    resource: Option<&Resource>,
) -> Option<Resource> {
    options.spool_dir.as_ref()?;
    if !settings.exporters.is_empty()
        || !settings.configure.is_empty()
        || options.pipeline.both_formats
        || !instrument::is_fenced()
    {
        tracing::info!(
            target: "dt_metrics",
            "counts since the last push are not kept in the spool, since the program has further exporters \
             or its own provider settings"
        );
        return None;
    }
    Some(
        resource
            .cloned()
            .unwrap_or_else(|| Resource::builder().build()),
    )
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

/// Whether the environment turns the exporter off, and no other reader or exporter needs metrics.
fn is_turned_off(options: &Options, settings: &Settings) -> bool {
    let source = options.source("no_exporter");
    let is_turned_off = options.pipeline.no_exporter
        && source != Source::Program
        && !options.pipeline.console
        && settings.exporters.is_empty()
        && settings.configure.is_empty();
    if is_turned_off {
        tracing::info!(
            target: "dt_metrics",
            "{source} turns the exporter off: metrics are not collected"
        );
    }
    is_turned_off
}

/// The built-in exporter and the console, which prints the pushes of that exporter, or else its own.
fn own_exporters(exporter: Option<&Exporter>, console: Option<&Console>) -> Vec<AddedExporter> {
    let console = console.cloned();
    let added = match (exporter, console) {
        (Some(exporter), console) => {
            let exporter = exporter.clone().for_pipeline();
            Some(AddedExporter::new(Printed { exporter, console }))
        }
        (None, console) => console.map(AddedExporter::new),
    };
    added.into_iter().collect()
}

/// Takes the options that the program does not set from the environment, and logs unusable values.
pub(super) fn read_environment(options: &mut Options, invalid: Option<String>) {
    read(options, Scope::Pipeline, &process_environment);
    let found = std::mem::take(&mut options.warnings);
    let unknown = unknown_variables(&process_names());
    for warning in invalid.into_iter().chain(found).chain(unknown) {
        tracing::warn!(target: "dt_metrics", "{warning}");
    }
}

/// The built-in exporter, unless it is turned off, and one for lines if the environment requires
/// both formats.
fn built_in(options: Options) -> Result<(Option<Exporter>, Option<Exporter>), ConfigError> {
    if options.pipeline.no_exporter {
        return Ok((None, None));
    }
    let lines = options.pipeline.both_formats.then(|| Options {
        format: Format::Lines,
        ..options.clone()
    });
    let exporter = Exporter::new(options)?;
    let lines = lines.map(Exporter::new).transpose()?;
    Ok((Some(exporter), lines))
}

/// Prints pushes, if the option is set.
fn console(options: &Options) -> std::io::Result<Option<Console>> {
    if !options.pipeline.console {
        return Ok(None);
    }
    let tokens = token_variables(&process_environment).chain([options.api_token.clone()]);
    Console::start(options.prefix.clone(), Redactor::new(tokens.flatten())).map(Some)
}

/// The handle of a pipeline that the environment turns off: it has no thread, collects nothing and
/// reports nothing.
fn off(options: &Options, installed: Installed) -> Handle {
    Handle::new(Running::new(
        SdkMeterProvider::builder().build(),
        ProviderOwner::Pipeline,
        Vec::new(),
        None,
        None,
        None,
        options
            .pipeline
            .shutdown_timeout
            .unwrap_or(SHUTDOWN_TIMEOUT),
        installed,
    ))
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
