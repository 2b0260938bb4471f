//! The arguments of the program.

use std::time::Duration;

use clap::Parser;
use clap::builder::NonEmptyStringValueParser;
use dt_metrics_local::Fault;

/// A local stand-in for the Dynatrace metric ingest endpoint: checks every line and shows it.
///
/// On the default port, a program without configuration sends to it as if it were a `OneAgent`.
// It has no `Debug`, which would print the token.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[cfg(any(feature = "check", feature = "dashboard"))]
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// The address to listen on
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:14499")]
    pub(crate) listen: String,

    /// A further host name of this endpoint that programs and browsers may use, without a port, for
    /// example the name of a container.
    ///
    /// May be given more than once. Names of loopback and the host of --listen are always accepted;
    /// --listen 0.0.0.0 also accepts every IP address.
    #[arg(long = "allow-host", value_name = "HOST")]
    pub(crate) hosts: Vec<String>,

    /// The token that the Dynatrace API requires; without it, every request is accepted
    #[arg(long, value_name = "TOKEN", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) token: Option<String>,

    /// Change metric keys as Metrics Classic does (`.count`, `.gauge`), and report it in `warnings`
    #[arg(long)]
    pub(crate) classic: bool,

    /// Apply this fault to requests: 503, 429=30 (Retry-After), 429=date+30, html, redirect=URL,
    /// echo-authorization, refuse-lines=N, body-limit=BYTES, reset, reset-after-reading, silent,
    /// silent-after-reading, delay=SECONDS, slow-reading, slow-answer, endless-body,
    /// endless-headers, or none for a normal response.
    ///
    /// May be given more than once: one of the faults is applied to each request, at random by
    /// weight (default 1). For example, with `--fault none:8 --fault 503:1 --fault reset:1`, two
    /// requests in ten fail. End a URL with a path, so that its port is not read as a weight.
    #[arg(long = "fault", value_name = "FAULT[:WEIGHT]", value_parser = weighted)]
    pub(crate) faults: Vec<(u32, Fault)>,

    /// The seed of random faults, to repeat a run; without it, a random seed is used and printed
    #[arg(long, requires = "faults")]
    pub(crate) seed: Option<u64>,

    /// Seconds until the faults end
    #[arg(long, value_name = "SECONDS", requires = "faults", value_parser = seconds)]
    pub(crate) recover_after: Option<Duration>,

    /// Refuse all connections: seconds until the outage, and its length in seconds
    #[arg(long, value_name = "AFTER:FOR", value_parser = outage)]
    pub(crate) outage: Option<(Duration, Duration)>,

    /// The token that replaces --token after --next-token-after
    #[arg(
        long,
        value_name = "TOKEN",
        requires_all = ["token", "next_token_after"],
        value_parser = NonEmptyStringValueParser::new(),
    )]
    pub(crate) next_token: Option<String>,

    /// Seconds until the token changes
    #[arg(long, value_name = "SECONDS", requires = "next_token", value_parser = seconds)]
    pub(crate) next_token_after: Option<Duration>,
}

#[cfg(any(feature = "check", feature = "dashboard"))]
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Test the configuration of programs on this host, and print what to fix
    ///
    /// Reads the same sources as the library: the environment, the file of Dynatrace's Kubernetes
    /// operator, the `OneAgent`. Sends one data point of the metric `dt_metrics.check`.
    #[cfg(feature = "check")]
    Check(super::check::CheckArgs),

    /// Make a Dynatrace dashboard from a program's catalogue
    ///
    /// Prints JSON. In Dynatrace, open the Dashboards app and select "Upload". The tiles query the
    /// metrics by the keys that the exporter sends.
    #[cfg(feature = "dashboard")]
    Dashboard(super::dashboard::DashboardArgs),

    /// Make Dynatrace service-level objectives from the objectives in a program's catalogue
    ///
    /// `#[measured(objective(success = "99.9%", latency = "250ms", percentile = "99%"))]` states them.
    #[cfg(feature = "dashboard")]
    Slo(super::objectives::SloArgs),

    /// Make Dynatrace anomaly detectors from the objectives in a program's catalogue
    ///
    /// Each raises an event if more calls fail, or are slower, than its objective allows, in 3 of 5
    /// minutes.
    #[cfg(feature = "dashboard")]
    Alerts(super::objectives::AlertsArgs),
}

fn weighted(text: &str) -> Result<(u32, Fault), String> {
    let (fault, weight) = text
        .rsplit_once(':')
        .and_then(|(fault, weight)| Some((fault, weight.parse().ok()?)))
        .unwrap_or((text, 1));
    match fault.parse() {
        Ok(fault) if weight > 0 => Ok((weight, fault)),
        Ok(_) => Err("a weight is at least 1".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "expected a number of seconds, such as 1.5".to_owned())
}

fn outage(text: &str) -> Result<(Duration, Duration), String> {
    let (after, length) = text
        .split_once(':')
        .ok_or("expected two numbers of seconds, as in 10:30")?;
    Ok((seconds(after)?, seconds(length)?))
}
