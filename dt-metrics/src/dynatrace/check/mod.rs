//! Tries a configuration once, with one data point, and reports what to change.
//!
//! May import the leaves, `config`, `encode`, `retry::outcome`, `spool` and `transport`; not `buffer` or
//! `delivery`.

pub(crate) mod report;
#[cfg(test)]
mod tests;

use std::io;
use std::time::Duration;

use reqwest::StatusCode;

use crate::dynatrace::check::report::{CheckReport, Problem, Verdict};
use crate::dynatrace::config::endpoint_file::ENDPOINT_FILE;
use crate::dynatrace::config::environment::{
    DISABLED_VARIABLE, Environment, TOKEN_VARIABLE, URL_VARIABLE, sdk_disabled,
};
use crate::dynatrace::config::options::Options;
use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::config::source::Source;
use crate::dynatrace::config::table::{self, Scope, settings};
use crate::dynatrace::config::{Config, spool_ignored, token_variables};
use crate::dynatrace::encode::body::Body;
#[cfg(feature = "otlp")]
use crate::dynatrace::encode::otlp::one_gauge;
use crate::dynatrace::error::ConfigError;
use crate::dynatrace::redact::Redactor;
use crate::dynatrace::retry::outcome::{Failure, Outcome};
use crate::dynatrace::spool::directory::Directory;
use crate::dynatrace::spool::handle::OpenError;
use crate::dynatrace::spool::recipient::Recipient;
use crate::dynatrace::transport::classify::Response;
use crate::dynatrace::transport::http::{Http, HttpAttempt};
use crate::thread::{FILE_TIMEOUT, run_within, runtime, spawn};

const THREAD_NAME: &str = "dt-metrics-check";

/// A gauge, since the value of a counter would be added to a sum.
const LINE: &str = "dt_metrics.check,dt.metrics.source=opentelemetry gauge,1";

/// Clocks that are set over the network differ by less than this.
const USUAL_SKEW: Duration = Duration::from_secs(30);

/// Dynatrace accepts lines from an hour in the past to ten minutes in the future (documentation,
/// "Metric ingestion protocol").
const MAX_BEHIND: Duration = Duration::from_secs(3_600);
const MAX_AHEAD: Duration = Duration::from_secs(600);

/// The variable that names the headers for a Collector.
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";

/// The steps after the configuration, in their order. Each needs the ones before it, except for the
/// last.
const STEPS: [&str; 5] = [CONNECTION, PATH, TOKEN, TEST_LINE, CLOCK];
const CONNECTION: &str = "connection";
const PATH: &str = "path";
const TOKEN: &str = "token";
const TEST_LINE: &str = "test line";
const CLOCK: &str = "clock";

pub(crate) fn check(mut options: Options, environment: Environment) -> CheckReport {
    let mut report = CheckReport::default();
    let (is_disabled, invalid) = sdk_disabled(environment);
    if is_disabled {
        let text = format!("{DISABLED_VARIABLE} is true, which turns metrics off: remove it");
        skip(&mut report, "configuration", Problem::Configuration, text);
        return report;
    }
    table::read(&mut options, Scope::Pipeline, environment);
    let warnings = std::mem::take(&mut options.warnings);
    for warning in invalid.into_iter().chain(warnings) {
        report.add("environment", Verdict::Warning, warning);
    }
    let tokens = token_variables(environment).chain([options.api_token.clone()]);
    report.settings = settings(&options, &Redactor::new(tokens.flatten()));
    if let (true, Source::Environment(variable)) =
        (options.pipeline.no_exporter, options.source("no_exporter"))
    {
        let text = format!(
            "{variable} turns the built-in exporter off: remove it, or add `dynatrace` to it"
        );
        skip(&mut report, "configuration", Problem::Configuration, text);
        return report;
    }
    let config = match Config::resolve(options, environment) {
        Ok(config) => config,
        Err(error) => {
            fail(&mut report, "configuration", &error);
            return report;
        }
    };
    report.settings = config.settings();
    describe(&config, &mut report);
    match attempt(&config) {
        Ok(attempt) => {
            judge(&attempt, &config, &mut report);
            compare_clocks(&attempt, &mut report);
            name_local_endpoint(&mut report);
        }
        Err(error) => fail(&mut report, CONNECTION, &error),
    }
    report
}

/// Reports that a step failed, so that the steps after it were not tried.
fn fail(report: &mut CheckReport, step: &'static str, error: &ConfigError) {
    let problem = match error {
        ConfigError::Endpoint { .. } => Problem::InvalidEndpoint,
        ConfigError::CleartextToken { .. } => Problem::CleartextToken,
        ConfigError::Token { .. } => Problem::WrongToken,
        ConfigError::NoRootCertificates(_) => Problem::UntrustedCertificate,
        _ => Problem::Configuration,
    };
    skip(report, step, problem, error.to_string());
}

/// Reports the problem of a step, and that the steps after it were not tried.
fn skip(report: &mut CheckReport, step: &'static str, problem: Problem, text: String) {
    report.add(step, Verdict::Failed(problem), text);
    for later in STEPS.into_iter().filter(|later| *later != step) {
        report.add(later, Verdict::NotTried, "");
    }
}

/// Sends one data point, on a thread of its own: the caller may be in a runtime.
fn attempt(config: &Config) -> Result<HttpAttempt, ConfigError> {
    let config = config.clone();
    let thread = spawn(THREAD_NAME, move || {
        let runtime = runtime(THREAD_NAME).map_err(ConfigError::Thread)?;
        let http = Http::new(&config);
        http.prepare()?;
        let attempt = runtime.block_on(http.attempt(&test_body(&config)));
        // A name lookup blocks a thread of the runtime for as long as it likes.
        runtime.shutdown_background();
        Ok(attempt)
    });
    thread
        .map_err(ConfigError::Thread)?
        .join()
        .unwrap_or_else(|_| Err(ConfigError::Thread(io::Error::other("it panicked"))))
}

fn test_body(config: &Config) -> Body {
    match config.protocol.format {
        Format::Lines => Body::new(LINE.into(), 1, 0),
        #[cfg(feature = "otlp")]
        Format::Otlp => one_gauge("dt_metrics.check"),
    }
}

/// Reports where each value comes from.
fn describe(config: &Config, report: &mut CheckReport) {
    let target = &config.target;
    let source = target.endpoint_source.describe();
    let endpoint = format!("{}, from {source}", target.endpoint);
    report.add("endpoint", Verdict::Ok, endpoint);
    let token = match (&target.token, target.token_source) {
        (Some(_), Some(source)) => format!("found, from {}", source.describe()),
        _ => target.describe_token().to_owned(),
    };
    report.add("token source", Verdict::Ok, token);
    let headers = match config.protocol.headers.len() {
        0 => None,
        1 => Some(format!("1 header, from {HEADERS}")),
        count => Some(format!("{count} headers, from {HEADERS}")),
    };
    if let Some(headers) = headers {
        report.add("headers", Verdict::Ok, headers);
    }
    if let Some(variable) = config.proxy {
        report.add("proxy", Verdict::Ok, format!("from {variable}"));
    }
    if let Some(error) = &config.endpoint_properties.read_error {
        // The file may contain both values, or only a token that nobody needs.
        let verdict = if target.is_unconfigured() {
            Verdict::Failed(Problem::Configuration)
        } else {
            Verdict::Warning
        };
        let text = format!(
            "{ENDPOINT_FILE} exists but cannot be read ({error}): give the user of this process \
             the permission to read it, or set {URL_VARIABLE} and {TOKEN_VARIABLE}"
        );
        report.add("endpoint file", verdict, text);
    }
    describe_host(config, report);
    describe_spool(config, report);
    for warning in config.warnings() {
        report.add("configuration", Verdict::Warning, warning);
    }
}

/// Reports which dimensions of the host each line has.
fn describe_host(config: &Config, report: &mut CheckReport) {
    const STEP: &str = "host metadata";
    if let Some((file, undocumented)) = &config.host_file {
        let keys: Vec<_> = config
            .host_dimensions
            .iter()
            .map(|(key, _)| &**key)
            .collect();
        let mut text = format!("{} dimensions from {}", keys.len(), file.display());
        let separator = if keys.is_empty() { "" } else { ": " };
        text = text + separator + &keys.join(", ");
        if *undocumented > 0 {
            text = format!(
                "{text}; {undocumented} entries are not used, since their keys are not Dynatrace's: \
                 add them with `default_dimension`"
            );
        }
        report.add(STEP, Verdict::Ok, text);
    } else if config.options.dynatrace_metadata == Some(false)
        && let Some(file) = config.options.metadata_files.existing()
    {
        let text = format!(
            "ignoring {}: the program sets `export_dynatrace_metadata(false)`",
            file.display()
        );
        report.add(STEP, Verdict::Ok, text);
    }
}

/// Reports a spool that cannot be used, and requests that stay in it.
fn describe_spool(config: &Config, report: &mut CheckReport) {
    const STEP: &str = "spool";
    let Some(path) = &config.options.spool_dir else {
        return;
    };
    let recipient = Recipient::new(config.protocol.format, &config.target.endpoint);
    let looked_at = path.clone();
    let left = run_within(FILE_TIMEOUT, THREAD_NAME, move || {
        Directory::left(&looked_at, &recipient)
    });
    let shown = path.display();
    match left {
        None => {
            let text = format!("{shown} does not answer within a second: check its disk");
            report.add(STEP, Verdict::Warning, text);
        }
        Some(Err(OpenError::Unusable(source))) => {
            let path = path.clone();
            let error = ConfigError::Spool { path, source };
            let (verdict, text) = match config.options.source("spool_dir") {
                Source::Environment(variable) => {
                    (Verdict::Warning, spool_ignored(variable, &error))
                }
                _ => (Verdict::Failed(Problem::Configuration), error.to_string()),
            };
            report.add(STEP, verdict, text);
        }
        Some(Err(OpenError::Io(error))) => {
            let text = format!("{shown} cannot be used: {error}");
            report.add(STEP, Verdict::Warning, text);
        }
        Some(Ok(left)) => {
            for slot in &left {
                report.add(STEP, Verdict::Warning, format!("{shown}: {slot}"));
            }
            if left.is_empty() {
                report.add(STEP, Verdict::Ok, shown.to_string());
            }
        }
    }
}

/// Reports the steps of an attempt.
fn judge(attempt: &HttpAttempt, config: &Config, report: &mut CheckReport) {
    report.is_local = attempt
        .response
        .as_ref()
        .is_some_and(Response::is_of_local_endpoint);
    let failure = failure(attempt, config);
    let mut message = attempt.outcome.message().unwrap_or_default().to_owned();
    if let Some((_, Problem::Unavailable)) = failure {
        message.push_str(
            "; the endpoint, or a proxy in front of it, is temporarily unavailable: try again later",
        );
    }
    // A proxy may have answered in place of the endpoint, so that nothing is known about path and
    // token. Only an ingest endpoint counts lines.
    let may_be_proxy = matches!(failure, Some((TEST_LINE, _)))
        && !matches!(attempt.outcome, Outcome::Partial { .. });
    let mut is_known = true;
    for step in [CONNECTION, PATH, TOKEN, TEST_LINE] {
        match failure {
            Some((failed, problem)) if step == failed => {
                report.add(step, Verdict::Failed(problem), message.as_str());
                is_known = false;
            }
            _ if is_known => report.add(step, Verdict::Ok, success(step, config, report.is_local)),
            _ => report.add(step, Verdict::NotTried, ""),
        }
        is_known &= !may_be_proxy;
    }
    if let Some(warnings) = &attempt.warnings {
        report.add("answer", Verdict::Warning, warnings.message.as_str());
    }
    if let Some(status) = attempt.response.as_ref().map(|response| response.status)
        && attempt.outcome == Outcome::Accepted
        && config.protocol.format == Format::Lines
        && status != StatusCode::ACCEPTED
    {
        let text = format!(
            "{status}, where Dynatrace answers 202 Accepted: check that this is an ingest endpoint"
        );
        report.add("answer", Verdict::Warning, text);
    }
}

/// Reports that the local endpoint answered in place of Dynatrace.
fn name_local_endpoint(report: &mut CheckReport) {
    if report.is_local {
        let text = "dt-metrics-local, the local endpoint, answers in place of Dynatrace: lines are \
                    shown on this host and sent nowhere else; set DT_METRICS_INGEST_URL and \
                    DT_METRICS_INGEST_API_TOKEN to send to Dynatrace";
        report.add("receiver", Verdict::Warning, text);
    }
}

/// The step that failed, and why.
fn failure(attempt: &HttpAttempt, config: &Config) -> Option<(&'static str, Problem)> {
    let target = &config.target;
    match &attempt.outcome {
        Outcome::Accepted => None,
        Outcome::Failed { failure, .. } => {
            let problem = match failure {
                _ if attempt.is_untrusted => Problem::UntrustedCertificate,
                Failure::NobodyListens { .. } if target.is_unconfigured() => Problem::NoEndpoint,
                Failure::NobodyListens { .. } => Problem::ConnectionRefused,
                Failure::Connect | Failure::Unprepared => Problem::Unreachable,
                Failure::Ambiguous => Problem::NoAnswer,
            };
            Some((CONNECTION, problem))
        }
        Outcome::Misdirected { .. } => Some((PATH, Problem::WrongPath)),
        Outcome::Unauthorized { status, .. } | Outcome::Outdated { status, .. } => {
            let problem = match status {
                _ if !has_credentials(config) => Problem::MissingToken,
                403 if target.token.is_some() => Problem::MissingScope,
                _ => Problem::WrongToken,
            };
            Some((TOKEN, problem))
        }
        Outcome::Throttled { .. } | Outcome::Unavailable { .. } => {
            Some((TEST_LINE, Problem::Unavailable))
        }
        Outcome::Partial { .. } | Outcome::TooLarge { .. } | Outcome::Rejected { .. } => {
            Some((TEST_LINE, Problem::LineRefused))
        }
    }
}

fn success(step: &str, config: &Config, is_local: bool) -> &'static str {
    match step {
        TOKEN if is_local && has_credentials(config) => {
            "the local endpoint accepts it; Dynatrace may not"
        }
        TEST_LINE if is_local => "the local endpoint accepts it",
        CONNECTION if config.target.endpoint.is_https() => {
            "there is an answer, over TLS with a certificate that this host trusts"
        }
        CONNECTION => "there is an answer",
        PATH => "an ingest endpoint answers",
        TOKEN if config.target.token.is_some() => "it is accepted, with the scope `metrics.ingest`",
        TOKEN if has_credentials(config) => "the headers are accepted",
        TOKEN => "none is needed",
        _ => "accepted: `dt_metrics.check` has a data point",
    }
}

fn has_credentials(config: &Config) -> bool {
    config.target.token.is_some() || !config.protocol.headers.is_empty()
}

/// Compares this host's clock with the server's clock, with a resolution of one second.
fn compare_clocks(attempt: &HttpAttempt, report: &mut CheckReport) {
    let Some(response) = &attempt.response else {
        return report.add(CLOCK, Verdict::NotTried, "");
    };
    let Some(server) = response.date() else {
        return report.add(CLOCK, Verdict::NotTried, "the answer has no `Date` header");
    };
    let (skew, direction, limit) = match attempt.ended.duration_since(server) {
        Ok(ahead) => (ahead, "ahead of", MAX_AHEAD),
        Err(behind) => (behind.duration(), "behind", MAX_BEHIND),
    };
    let mut text = format!("{} s {direction} the server's", skew.as_secs());
    let verdict = if skew > limit {
        text.push_str(": correct this host's clock, or lines are rejected");
        Verdict::Failed(Problem::ClockSkew)
    } else if skew > USUAL_SKEW {
        Verdict::Warning
    } else {
        text = "as the server's, within 30 s".into();
        Verdict::Ok
    };
    report.add(CLOCK, verdict, text);
}
