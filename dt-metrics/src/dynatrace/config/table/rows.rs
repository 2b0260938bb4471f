//! The options, one row each: the method, the variables, the values, the default.

use std::borrow::Cow;
use std::time::Duration;

use super::parse::{self, boolean, bytes, certificate, duration, millis, number, pairs, words};
use super::row::{Entries, Parse, Row, Scope, foreign, variable};
use crate::duration::shown;
use crate::dynatrace::config::dimensions::check_prefix;
use crate::dynatrace::config::environment::{
    TOKEN_OPTION, TOKEN_VARIABLE, URL_OPTION, URL_VARIABLE,
};
use crate::dynatrace::config::options::{DeliveryGuarantee, Options};
use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::config::source::Source;
use crate::dynatrace::error::ConfigError;
use crate::line;

/// Chooses the exporters (OpenTelemetry specification, "Exporter Selection").
const EXPORTERS: &str = "OTEL_METRICS_EXPORTER";

/// The most default dimensions that are taken from the environment: a line may have 50, and has its
/// source, perhaps the instance, and one of a measurement.
const MAX_DIMENSIONS: usize = line::limits::MAX_DIMENSIONS - 3;

/// Sets a field to a parsed value.
macro_rules! set {
    ($parse:expr => $($field:ident).+) => {
        |text, options, _| {
            options.$($field).+ = $parse(text)?.into();
            Ok(true)
        }
    };
}

/// The variables of this option are looked up elsewhere, since files come after them.
const ELSEWHERE: Parse = |_, _, _| Ok(false);

const BOOLEAN: &str = "true or false";
const DURATION: &str = "a duration such as 10s, 500ms, 1m30s or a number of seconds";
const POSITIVE_DURATION: &str =
    "a duration above 0 such as 10s, 500ms, 1m30s or a number of seconds";
const BYTES: &str = "a number of bytes above 0, or one with a unit such as 64MiB";
const MILLISECONDS: &str = "milliseconds, as in 10000";
const EXPORTER_NAMES: &str = "one or more of none, otlp, console and dynatrace";
const COUNT: &str = "a whole number above 0";

fn flag(value: bool) -> Cow<'static, str> {
    if value { "true" } else { "false" }.into()
}

fn positive(text: &str) -> Result<Duration, String> {
    let duration = duration(text)?;
    if duration.is_zero() {
        return Err("it is 0".into());
    }
    Ok(duration)
}

fn list(items: impl Iterator<Item = String>) -> Cow<'static, str> {
    let items: Vec<_> = items.collect();
    if items.is_empty() {
        return "none".into();
    }
    items.join(", ").into()
}

/// Whether the program or one of this crate's variables chooses an exporter, so that
/// [`EXPORTERS`] does not.
fn has_own_choice(options: &Options) -> bool {
    match options.source("otlp") {
        Source::Program => true,
        Source::Environment(variable) => variable != EXPORTERS && options.format != Format::Lines,
        _ => false,
    }
}

/// The entries of [`EXPORTERS`].
fn exporters(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let entries = text.split(',').map(str::trim).enumerate();
    entries
        .map(|(at, entry)| (at + 1, entry))
        .filter(|(_, entry)| !entry.is_empty())
}

fn names(text: &str, name: &str) -> bool {
    exporters(text).any(|(_, entry)| entry.eq_ignore_ascii_case(name))
}

/// Turns the exporter off if the list names none of this crate's.
fn choose_none(text: &str, options: &mut Options, ignored: &mut Entries) -> Result<bool, String> {
    let known = ["none", "otlp", "console", "dynatrace"];
    let usable = |entry: &str| known.iter().any(|it| entry.eq_ignore_ascii_case(it));
    for (at, entry) in exporters(text) {
        let lacks_feature = cfg!(not(feature = "otlp")) && entry.eq_ignore_ascii_case("otlp");
        if lacks_feature {
            ignored.push((
                at,
                "this program is built without the feature `otlp` of dt-metrics".into(),
            ));
        } else if !usable(entry) {
            ignored.push((at, "it is not an exporter of dt-metrics".into()));
        } else if entry.eq_ignore_ascii_case("none") && exporters(text).count() > 1 {
            ignored.push((at, "`none` stands next to other exporters".into()));
        }
    }
    if ignored.len() == exporters(text).count() {
        // Nothing is left to name an entry of.
        let reasons = ignored.drain(..).map(|(_, reason)| reason).next();
        return Err(reasons.unwrap_or_else(|| "it names no exporter".into()));
    }
    let has_otlp = cfg!(feature = "otlp") && names(text, "otlp");
    if has_own_choice(options) || has_otlp || names(text, "dynatrace") {
        return Ok(false);
    }
    options.pipeline.no_exporter = true;
    Ok(true)
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "all variables have functions of one type"
)]
fn choose_otlp(text: &str, options: &mut Options, _: &mut Entries) -> Result<bool, String> {
    if !names(text, "otlp") {
        return Ok(false);
    }
    options.pipeline.both_formats = cfg!(feature = "otlp") && names(text, "dynatrace");
    Ok(set_otlp(true, options).is_ok())
}

/// Selects the protocol.
#[cfg_attr(
    feature = "otlp",
    expect(clippy::unnecessary_wraps, reason = "fails without the feature")
)]
fn set_otlp(otlp: bool, options: &mut Options) -> Result<(), String> {
    if !otlp {
        options.format = Format::Lines;
        return Ok(());
    }
    #[cfg(feature = "otlp")]
    {
        options.format = Format::Otlp;
        Ok(())
    }
    #[cfg(not(feature = "otlp"))]
    Err("this program is built without the feature `otlp` of dt-metrics".into())
}

/// Adds the dimensions whose keys the program does not set.
#[expect(
    clippy::unnecessary_wraps,
    reason = "all variables have functions of one type"
)]
fn add_dimensions(
    text: &str,
    options: &mut Options,
    ignored: &mut Entries,
) -> Result<bool, String> {
    let own = options.default_dimensions.clone();
    let mut added = Vec::new();
    for (index, pair) in pairs(text).into_iter().enumerate() {
        let at = index + 1;
        let (key, value) = match pair {
            Ok(pair) => pair,
            Err(reason) => {
                ignored.push((at, reason.into()));
                continue;
            }
        };
        if let Err(invalid) = line::check_dimension_key(&key) {
            ignored.push((at, format!("its key is not usable: {}", invalid.message())));
        } else if own.len() + added.len() >= MAX_DIMENSIONS {
            ignored.push((at, "a line may have 50 dimensions".into()));
        } else {
            added.push((key, value));
        }
    }
    let is_used = !added.is_empty();
    // The later one with a key wins.
    added.extend(own);
    options.default_dimensions = added;
    Ok(is_used)
}

fn guarantee(text: &str) -> Result<DeliveryGuarantee, String> {
    let letters: String = text.chars().filter(char::is_ascii_alphabetic).collect();
    match letters.to_ascii_lowercase().as_str() {
        "atleastonce" => Ok(DeliveryGuarantee::AtLeastOnce),
        "atmostonce" => Ok(DeliveryGuarantee::AtMostOnce),
        _ => Err("it is not a guarantee".into()),
    }
}

/// The name of the service among the attributes of OpenTelemetry's resource, which the SDK reads.
#[expect(
    clippy::unnecessary_wraps,
    reason = "all variables have functions of one type"
)]
fn has_service_name(text: &str, _: &mut Options, _: &mut Entries) -> Result<bool, String> {
    let quotes = |c: char| matches!(c, '"' | '\'') || c.is_whitespace();
    Ok(text.split(',').any(|pair| {
        pair.split_once('=')
            .is_some_and(|(key, _)| key.trim_matches(quotes) == "service.name")
    }))
}

/// All options. The first ones decide where metrics are sent, the last ones are for code only.
pub(super) static TABLE: &[Row] = &[
    Row::new(
        "endpoint",
        Scope::Exporter,
        &[
            variable(URL_OPTION, ELSEWHERE),
            variable(URL_VARIABLE, ELSEWHERE),
        ],
        [
            "the file of Dynatrace's Kubernetes operator, then the OneAgent on this host, `http://localhost:14499/metrics/ingest`",
            "the URL of a metrics ingest API",
        ],
        |options| if options.endpoint.is_some() { "given" } else { "none" }.into(),
    ),
    Row::new(
        "api_token",
        Scope::Exporter,
        &[
            variable(TOKEN_OPTION, ELSEWHERE),
            variable(TOKEN_VARIABLE, ELSEWHERE),
        ],
        [
            "the file of Dynatrace's Kubernetes operator, then none; a OneAgent needs none",
            "an access token with the scope `metrics.ingest`, or a platform token",
        ],
        |options| if options.api_token.is_some() { "given" } else { "none" }.into(),
    ),
    Row::new(
        "allow_cleartext_token",
        Scope::Exporter,
        &[variable("DT_METRICS_ALLOW_CLEARTEXT_TOKEN", set!(boolean => allow_cleartext_token))],
        ["false", BOOLEAN],
        |options| flag(options.allow_cleartext_token),
    ),
    Row::new(
        "add_root_certificate_pem",
        Scope::Exporter,
        &[variable("DT_METRICS_ADD_ROOT_CERTIFICATE_PEM", |text, options, _| {
            options.root_certificates.push(certificate(text)?);
            Ok(true)
        })],
        [
            "the certificates of the platform alone",
            "the path of a file with certificates in PEM, or the PEM text",
        ],
        |options| match options.root_certificates.len() {
            0 => "none".into(),
            count => format!("{count} given").into(),
        },
    )
    .list(),
    Row::new(
        "otlp",
        Scope::Pipeline,
        &[
            variable("DT_METRICS_OTLP", |text, options, _| {
                set_otlp(boolean(text)?, options)?;
                Ok(true)
            }),
            foreign(EXPORTERS, EXPORTER_NAMES, choose_otlp),
        ],
        ["false: metrics are sent as metric lines", BOOLEAN],
        |options| flag(options.format != Format::Lines),
    ),
    Row::new(
        "no_exporter",
        Scope::Pipeline,
        &[
            variable("DT_METRICS_NO_EXPORTER", set!(boolean => pipeline.no_exporter)),
            foreign(EXPORTERS, EXPORTER_NAMES, choose_none),
        ],
        ["false: the built-in exporter is made", BOOLEAN],
        |options| flag(options.pipeline.no_exporter),
    ),
    Row::new(
        "console",
        Scope::Pipeline,
        &[
            variable("DT_METRICS_CONSOLE", set!(boolean => pipeline.console)),
            foreign(EXPORTERS, EXPORTER_NAMES, |text, options, _| {
                options.pipeline.console = names(text, "console");
                Ok(options.pipeline.console)
            }),
        ],
        ["false", BOOLEAN],
        |options| flag(options.pipeline.console),
    ),
    Row::new(
        "prefix",
        Scope::Exporter,
        &[variable("DT_METRICS_PREFIX", |text, options, _| {
            let prefix = check_prefix(Some(text.into())).map_err(|error| match error {
                ConfigError::Prefix { reason, .. } => {
                    format!("it is not a prefix: {reason}")
                }
                other => other.to_string(),
            })?;
            options.prefix = prefix;
            Ok(true)
        })],
        ["none", "the beginning of a metric key, such as shop"],
        |options| options.prefix.clone().unwrap_or_else(|| "none".into()).into(),
    ),
    Row::new(
        "default_dimensions",
        Scope::Exporter,
        &[variable("DT_METRICS_DEFAULT_DIMENSIONS", add_dimensions)],
        [
            "none",
            "key=value pairs with commas between them, such as env=prod,team=a, and `\\,` for a comma in a value",
        ],
        |options| {
            let pairs = options.default_dimensions.iter();
            list(pairs.map(|(key, value)| format!("{key}={value}")))
        },
    )
    .list(),
    Row::new(
        "service_name",
        Scope::Pipeline,
        &[
            variable("DT_METRICS_SERVICE_NAME", |text, options, _| {
                options.pipeline.service_name = Some(text.into());
                Ok(true)
            }),
            variable("OTEL_SERVICE_NAME", |text, options, _| {
                options.pipeline.service_name = Some(text.into());
                Ok(true)
            }),
            variable("OTEL_RESOURCE_ATTRIBUTES", has_service_name),
        ],
        ["none", "a text"],
        |options| {
            let name = options.pipeline.service_name.clone();
            match (name, options.source("service_name")) {
                (Some(name), _) => name.into(),
                (None, Source::Default) => "none".into(),
                (None, _) => "an attribute of the resource".into(),
            }
        },
    ),
    Row::new(
        "resource_dimensions",
        Scope::Exporter,
        &[variable("DT_METRICS_RESOURCE_DIMENSIONS", |text, options, _| {
            options.resource_dimensions.extend(words(text));
            Ok(true)
        })],
        ["none", "keys of the resource with commas between them, such as host.name,k8s.pod.name"],
        |options| list(options.resource_dimensions.iter().cloned()),
    )
    .list(),
    Row::new(
        "instance_dimension",
        Scope::Exporter,
        &[variable("DT_METRICS_INSTANCE_DIMENSION", set!(boolean => instance_dimension))],
        ["false", BOOLEAN],
        |options| flag(options.instance_dimension),
    ),
    Row::new(
        "export_dynatrace_metadata",
        Scope::Exporter,
        &[variable("DT_METRICS_EXPORT_DYNATRACE_METADATA", set!(boolean => dynatrace_metadata))],
        ["true", BOOLEAN],
        |options| flag(options.dynatrace_metadata.unwrap_or(true)),
    ),
    Row::new(
        "health_metrics",
        Scope::Pipeline,
        &[variable("DT_METRICS_HEALTH_METRICS", set!(boolean => pipeline.health_metrics))],
        ["false", BOOLEAN],
        |options| flag(options.pipeline.health_metrics),
    ),
    Row::new(
        "cardinality_limit",
        Scope::Pipeline,
        &[variable("DT_METRICS_CARDINALITY_LIMIT", |text, options, _| {
            options.pipeline.cardinality_limit = Some(number::<u32>(text)?.max(1));
            Ok(true)
        })],
        ["2,000 series of an instrument", "a whole number; 0 means 1"],
        |options| {
            let limit = options.pipeline.cardinality_limit;
            limit.map_or("2000".into(), |limit| limit.to_string().into())
        },
    ),
    Row::new(
        "gauge_expiry",
        Scope::Pipeline,
        &[variable("DT_METRICS_GAUGE_EXPIRY", set!(duration => pipeline.gauge_expiry))],
        ["never", DURATION],
        |options| options.pipeline.gauge_expiry.map_or("never".into(), |time| shown(time).into()),
    ),
    Row::new(
        "push_interval",
        Scope::Pipeline,
        &[
            variable("DT_METRICS_PUSH_INTERVAL", set!(positive => pipeline.push_interval)),
            foreign("OTEL_METRIC_EXPORT_INTERVAL", MILLISECONDS, set!(millis => pipeline.push_interval)),
        ],
        ["60 s", POSITIVE_DURATION],
        |options| options.pipeline.push_interval.map_or("60 s".into(), |time| shown(time).into()),
    ),
    Row::new(
        "shutdown_timeout",
        Scope::Pipeline,
        &[variable("DT_METRICS_SHUTDOWN_TIMEOUT", set!(duration => pipeline.shutdown_timeout))],
        ["5 s", DURATION],
        |options| options.pipeline.shutdown_timeout.map_or("5 s".into(), |time| shown(time).into()),
    ),
    Row::new(
        "flush_on_termination",
        Scope::Pipeline,
        &[variable(
            "DT_METRICS_FLUSH_ON_TERMINATION",
            set!(boolean => pipeline.flush_on_termination)
        )],
        ["false", BOOLEAN],
        |options| flag(options.pipeline.flush_on_termination),
    ),
    Row::new(
        "spool_dir",
        Scope::Exporter,
        &[variable("DT_METRICS_SPOOL_DIR", |text, options, _| {
            options.spool_dir = Some(text.into());
            Ok(true)
        })],
        [
            "none: pending requests are in memory only",
            "a directory that, with its parents, only root and this user can write to",
        ],
        |options| {
            let path = options.spool_dir.as_ref().map(|path| path.to_string_lossy().into_owned());
            path.unwrap_or_else(|| "none".into()).into()
        },
    ),
    Row::new(
        "spool_limit_bytes",
        Scope::Exporter,
        &[variable("DT_METRICS_SPOOL_LIMIT_BYTES", set!(bytes => spool_limit_bytes))],
        ["256 MiB", BYTES],
        |options| options.spool_limit_bytes.to_string().into(),
    ),
    Row::new(
        "delivery_guarantee",
        Scope::Exporter,
        &[variable("DT_METRICS_DELIVERY_GUARANTEE", set!(guarantee => guarantee))],
        ["at_least_once", "at_least_once or at_most_once"],
        |options| {
            match options.guarantee {
                DeliveryGuarantee::AtLeastOnce => "at_least_once",
                DeliveryGuarantee::AtMostOnce => "at_most_once",
            }
            .into()
        },
    ),
    Row::new(
        "request_timeout",
        Scope::Exporter,
        &[
            variable("DT_METRICS_REQUEST_TIMEOUT", set!(positive => request_timeout)),
            foreign("OTEL_METRIC_EXPORT_TIMEOUT", MILLISECONDS, set!(millis => export_timeout)),
        ],
        [
            "10 s; for a Collector, `OTEL_EXPORTER_OTLP_TIMEOUT`",
            POSITIVE_DURATION,
        ],
        |options| {
            let time = options.request_timeout.or(options.export_timeout);
            time.map_or("10 s".into(), |time| shown(time).into())
        },
    ),
    Row::new(
        "connect_timeout",
        Scope::Exporter,
        &[variable("DT_METRICS_CONNECT_TIMEOUT", set!(positive => connect_timeout))],
        ["half of the request timeout", POSITIVE_DURATION],
        |options| {
            let time = options.connect_timeout;
            time.map_or("half of the request timeout".into(), |time| shown(time).into())
        },
    ),
    Row::new(
        "max_lines_per_request",
        Scope::Exporter,
        &[variable("DT_METRICS_MAX_LINES_PER_REQUEST", set!(parse::count => max_lines_per_request))],
        [
            "1,000 for a OneAgent, else no limit; over OTLP always 15,000 data points",
            COUNT,
        ],
        |options| {
            let lines = options.max_lines_per_request;
            lines.map_or("the limit of the endpoint".into(), |lines| lines.to_string().into())
        },
    ),
    Row::new(
        "max_bytes_per_request",
        Scope::Exporter,
        &[variable("DT_METRICS_MAX_BYTES_PER_REQUEST", |text, options, _| {
            options.max_bytes_per_request = usize::try_from(bytes(text)?).unwrap_or(usize::MAX);
            Ok(true)
        })],
        ["983,616, a little under the API's limit of 1 MB; over OTLP always 3,934,464", BYTES],
        |options| options.max_bytes_per_request.to_string().into(),
    ),
    Row::new(
        "buffer_limit_bytes",
        Scope::Exporter,
        &[variable("DT_METRICS_BUFFER_LIMIT_BYTES", |text, options, _| {
            options.buffer_limit_bytes = usize::try_from(bytes(text)?).unwrap_or(usize::MAX);
            Ok(true)
        })],
        ["64 MiB", BYTES],
        |options| options.buffer_limit_bytes.to_string().into(),
    ),
    Row::new(
        "set_global",
        Scope::Pipeline,
        &[variable("DT_METRICS_SET_GLOBAL", |text, options, _| {
            options.pipeline.not_global = !boolean(text)?;
            Ok(true)
        })],
        ["true", BOOLEAN],
        |options| flag(!options.pipeline.not_global),
    ),
    Row::new(
        "strict",
        Scope::Pipeline,
        &[variable("DT_METRICS_STRICT", set!(boolean => pipeline.strict))],
        ["false", BOOLEAN],
        |options| flag(options.pipeline.strict),
    ),
    Row::new(
        "on_delivery_event",
        Scope::Exporter,
        &[],
        ["events go to `tracing` only", "a function"],
        |options| given(options, "on_delivery_event"),
    ),
    Row::new(
        "exporter",
        Scope::Pipeline,
        &[],
        ["the built-in exporter alone", "an exporter, any number"],
        |options| given(options, "exporter"),
    ),
    Row::new(
        "configure_provider",
        Scope::Pipeline,
        &[],
        ["the SDK's defaults", "a function"],
        |options| given(options, "configure_provider"),
    ),
];

/// Whether the program sets an option that is code.
fn given(options: &Options, name: &str) -> Cow<'static, str> {
    match options.source(name) {
        Source::Default => "none",
        _ => "given",
    }
    .into()
}
