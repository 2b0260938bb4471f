//! One attempt with one line.

use crate::dynatrace::check::{CheckReport, Problem, Verdict};
use crate::dynatrace::config::endpoint_file::ENDPOINT_FILE;
use crate::dynatrace::config::environment::{Environment, TOKEN_VARIABLE, URL_VARIABLE};
use crate::dynatrace::config::options::Options;
use crate::dynatrace::config::protocol::Protocol;
use crate::dynatrace::config::{Config, environment};
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::error::ConfigError;
use crate::dynatrace::retry::outcome::{Failure, Outcome};
use crate::dynatrace::thread::suppress_telemetry;
use crate::dynatrace::transport::{Http, Tried};
use reqwest::StatusCode;
use reqwest::header::DATE;
use std::time::Duration;

/// A gauge, so that it adds to nothing.
const LINE: &str = "dt_metrics.check,dt.metrics.source=opentelemetry gauge,1";

/// More than this is not how clocks differ that are set by the network.
const DOUBTFUL_SKEW: Duration = Duration::from_secs(30);

/// Dynatrace takes lines from an hour in the past to ten minutes in the future (documentation,
/// "Metric ingestion protocol").
const MAX_BEHIND: Duration = Duration::from_secs(3_600);
const MAX_AHEAD: Duration = Duration::from_secs(600);

/// What a Collector is told of the sender.
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";

/// What comes after the configuration.
const LATER: [&str; 5] = ["connection", "path", "token", "test line", "clock"];

/// Tries it, on a thread of its own: the caller may be in a runtime.
pub(crate) fn check(options: Options, environment: Environment) -> CheckReport {
    let mut report = CheckReport::default();
    let config = match Config::resolve(options, environment) {
        Ok(config) => config,
        Err(error) => {
            let problem = problem_of(&error);
            report.add("configuration", Verdict::Failed(problem), error.to_string());
            for name in LATER {
                report.add(name, Verdict::NotTried, "");
            }
            return report;
        }
    };
    describe(&config, environment, &mut report);
    let https = config.target.endpoint.is_https();
    let trying = std::thread::Builder::new()
        .name("dt-metrics-check".into())
        .spawn(move || attempt(&config));
    let tried = trying
        .map_err(ConfigError::Thread)
        .and_then(|thread| match thread.join() {
            Ok(tried) => tried,
            Err(_) => Err(ConfigError::Thread(std::io::Error::other("it panicked"))),
        });
    match tried {
        Ok((tried, config)) => judge(&tried, &config, https, &mut report),
        Err(error) => {
            let problem = problem_of(&error);
            report.add("connection", Verdict::Failed(problem), error.to_string());
            for name in &LATER[1..] {
                report.add(name, Verdict::NotTried, "");
            }
        }
    }
    report
}

fn attempt(config: &Config) -> Result<(Tried, Config), ConfigError> {
    suppress_telemetry();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(ConfigError::Thread)?;
    let http = Http::new(config);
    http.prepare()?;
    let tried = runtime.block_on(http.attempt(&test(config)));
    // Looking up a name blocks a thread of the runtime for as long as it likes.
    runtime.shutdown_background();
    Ok((tried, config.clone()))
}

fn test(config: &Config) -> Body {
    match config.protocol {
        Protocol::Lines => Body::new(LINE.into(), 1, 0),
        #[cfg(feature = "otlp")]
        Protocol::Otlp(_) => crate::dynatrace::encode::otlp::one_gauge("dt_metrics.check"),
    }
}

fn problem_of(error: &ConfigError) -> Problem {
    match error {
        ConfigError::Endpoint { .. } => Problem::InvalidEndpoint,
        ConfigError::CleartextToken { .. } => Problem::CleartextToken,
        ConfigError::Token { .. } => Problem::WrongToken,
        ConfigError::NoRootCertificates(_) => Problem::UntrustedCertificate,
        _ => Problem::Configuration,
    }
}

/// Where each value comes from.
fn describe(config: &Config, environment: Environment, report: &mut CheckReport) {
    let target = &config.target;
    let source = target.endpoint_source.describe();
    let endpoint = format!("{}, from {source}", target.endpoint);
    report.add("endpoint", Verdict::Ok, endpoint);
    let token = match (&target.token, target.token_source) {
        (Some(_), Some(source)) => format!("there is one, from {}", source.describe()),
        _ => target.describe_token().to_owned(),
    };
    report.add("token source", Verdict::Ok, token);
    match config.protocol.headers().len() {
        0 => {}
        1 => report.add("headers", Verdict::Ok, format!("1 header, from {HEADERS}")),
        n => report.add(
            "headers",
            Verdict::Ok,
            format!("{n} headers, from {HEADERS}"),
        ),
    }
    if let Some(variable) = environment::proxy_variable(&target.endpoint, environment) {
        report.add("proxy", Verdict::Ok, format!("named by {variable}"));
    }
    if let Some(trouble) = &config.found.trouble {
        // It may name both.
        let verdict = if target.is_unconfigured() {
            Verdict::Failed(Problem::Configuration)
        } else {
            Verdict::Warning
        };
        let text = format!(
            "{ENDPOINT_FILE} is there but cannot be read ({trouble}): let the user of this \
             process read it, or set {URL_VARIABLE} and {TOKEN_VARIABLE}"
        );
        report.add("endpoint file", verdict, text);
    }
    if let Some(doubt) = config.doubt() {
        report.add("doubt", Verdict::Warning, doubt);
    }
}

fn judge(tried: &Tried, config: &Config, https: bool, report: &mut CheckReport) {
    let target = &config.target;
    let message = tried.outcome.message().unwrap_or_default();
    let failed = |problem| Verdict::Failed(problem);
    let has_credentials = target.token.is_some() || !config.protocol.headers().is_empty();
    // How far it came: what is before works, what is after was not tried.
    let (at, problem) = match &tried.outcome {
        Outcome::Accepted => (LATER.len(), None),
        Outcome::Failed { failure, .. } => {
            let problem = match failure {
                _ if tried.untrusted => Problem::UntrustedCertificate,
                Failure::Refused { .. } if target.is_unconfigured() => Problem::NoEndpoint,
                Failure::Refused { .. } => Problem::ConnectionRefused,
                Failure::Connect | Failure::Unprepared => Problem::Unreachable,
                Failure::NoAnswer => Problem::NoAnswer,
            };
            (0, Some(problem))
        }
        Outcome::Misdirected { .. } => (1, Some(Problem::WrongPath)),
        Outcome::Unauthorized { status, .. } | Outcome::Outdated { status, .. } => {
            let problem = match status {
                _ if !has_credentials => Problem::MissingToken,
                403 if target.token.is_some() => Problem::MissingScope,
                _ => Problem::WrongToken,
            };
            (2, Some(problem))
        }
        Outcome::Throttled { .. } | Outcome::Unavailable { .. } => (3, Some(Problem::Unavailable)),
        Outcome::Partial { .. } | Outcome::TooLarge { .. } | Outcome::Rejected { .. } => {
            (3, Some(Problem::LineRefused))
        }
    };
    let well = [
        if https {
            "there is an answer, over TLS with a certificate that this host trusts"
        } else {
            "there is an answer"
        },
        "an ingest endpoint answers",
        if target.token.is_some() {
            "it is accepted, with the scope `metrics.ingest`"
        } else if has_credentials {
            "the headers are accepted"
        } else {
            "none is needed"
        },
        "accepted: `dt_metrics.check` has a data point",
    ];
    let text = match problem {
        Some(Problem::Unavailable) => {
            format!("{message}; it, or what is before it, cannot take lines now: try again later")
        }
        _ => message.to_owned(),
    };
    // An answer that may be from something else says nothing about path and token.
    let unproven = at == 3 && !matches!(tried.outcome, Outcome::Partial { .. });
    for (place, name) in LATER.iter().enumerate().take(4) {
        match problem {
            Some(problem) if place == at => report.add(name, failed(problem), &*text),
            _ if unproven && matches!(*name, "path" | "token") => {
                report.add(name, Verdict::NotTried, "");
            }
            _ if place < at => report.add(name, Verdict::Ok, well[place]),
            _ => report.add(name, Verdict::NotTried, ""),
        }
    }
    if let Some(status) = unusual_status(tried, config) {
        let text =
            format!("{status}, where Dynatrace answers 202 Accepted: is it an ingest endpoint?");
        report.add("answer", Verdict::Warning, text);
    }
    clock(tried, report);
}

/// One of success that no endpoint for lines has.
fn unusual_status(tried: &Tried, config: &Config) -> Option<StatusCode> {
    let is_unusual = matches!(config.protocol, Protocol::Lines)
        && matches!(tried.outcome, Outcome::Accepted)
        && tried.status != Some(StatusCode::ACCEPTED);
    tried.status.filter(|_| is_unusual)
}

/// By the server's, to the second.
fn clock(tried: &Tried, report: &mut CheckReport) {
    if matches!(tried.outcome, Outcome::Failed { .. }) {
        report.add("clock", Verdict::NotTried, "");
        return;
    }
    let said = tried
        .headers
        .get(DATE)
        .and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
    let Some(there) = said else {
        let text = "the server does not say what time it is";
        report.add("clock", Verdict::NotTried, text);
        return;
    };
    let (skew, direction, limit) = match tried.answered.duration_since(there) {
        Ok(ahead) => (ahead, "ahead of", MAX_AHEAD),
        Err(behind) => (behind.duration(), "behind", MAX_BEHIND),
    };
    let text = format!("{} s {direction} the server's", skew.as_secs());
    if skew > limit {
        let text = format!("{text}: set this host's clock right, or lines are refused");
        report.add("clock", Verdict::Failed(Problem::ClockSkew), text);
    } else if skew > DOUBTFUL_SKEW {
        report.add("clock", Verdict::Warning, text);
    } else {
        report.add("clock", Verdict::Ok, "as the server's, within 30 s");
    }
}
