use std::time::Duration;

use clap::Parser;
use clap::builder::NonEmptyStringValueParser;
use dt_metrics_local::Fault;

/// A local stand-in for the Dynatrace metric ingest endpoint: judges every line and shows it.
///
/// On its default port a program with no configuration finds it as if it were a `OneAgent`.
// No `Debug`: it would print the token.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[cfg(any(feature = "check", feature = "dashboard"))]
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// Where to listen
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:14499")]
    pub(crate) listen: String,

    /// The token to ask for on the Dynatrace API; without it, every request is taken
    #[arg(long, value_name = "TOKEN", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) token: Option<String>,

    /// Meet requests with this fault: 503, 429=30 (Retry-After), 429=date+30, html, redirect=URL,
    /// echo-authorization, refuse-lines=N, body-limit=BYTES, reset, reset-after-reading, silent,
    /// silent-after-reading, delay=SECONDS, slow-reading, slow-answer, endless-body,
    /// endless-headers; none is an honest answer.
    ///
    /// May be given more than once: each request meets one of them, at random by weight (1 if none
    /// is given). Of `--fault none:8 --fault 503:1 --fault reset:1` two requests of ten meet a
    /// fault. A URL ends by a path, so that its port is no weight.
    #[arg(long = "fault", value_name = "FAULT[:WEIGHT]", value_parser = weighted)]
    pub(crate) faults: Vec<(u32, Fault)>,

    /// What the faults are chosen from, so that they can be had again; shown if not given
    #[arg(long, requires = "faults")]
    pub(crate) seed: Option<u64>,

    /// When the faults end
    #[arg(long, value_name = "SECONDS", requires = "faults", value_parser = seconds)]
    pub(crate) recover_after: Option<Duration>,

    /// After so many seconds, refuse all connections for so many seconds
    #[arg(long, value_name = "AFTER:FOR", value_parser = outage)]
    pub(crate) outage: Option<(Duration, Duration)>,

    /// The token to ask for later, in place of the first
    #[arg(
        long,
        value_name = "TOKEN",
        requires_all = ["token", "next_token_after"],
        value_parser = NonEmptyStringValueParser::new(),
    )]
    pub(crate) next_token: Option<String>,

    /// When the token changes
    #[arg(long, value_name = "SECONDS", requires = "next_token", value_parser = seconds)]
    pub(crate) next_token_after: Option<Duration>,
}

#[cfg(any(feature = "check", feature = "dashboard"))]
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Try the configuration that a program would find on this host, and say what to fix
    ///
    /// Looks where the library looks: the environment, the file of Dynatrace's Kubernetes
    /// operator, the `OneAgent`. Sends one data point of the metric `dt_metrics.check`.
    #[cfg(feature = "check")]
    Check(super::check::Args),

    /// Make a Dynatrace dashboard of a program's catalogue
    ///
    /// Prints the JSON that the Dashboards app takes by its "Upload". Its tiles ask for the
    /// metrics under the keys by which the exporter sends them.
    #[cfg(feature = "dashboard")]
    Dashboard(super::dashboard::Args),
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
        .ok_or_else(|| "expected seconds".to_owned())
}

fn outage(text: &str) -> Result<(Duration, Duration), String> {
    let (after, length) = text
        .split_once(':')
        .ok_or("expected two numbers of seconds, as in 10:30")?;
    Ok((seconds(after)?, seconds(length)?))
}
