//! The commands `slo` and `alerts`: make service-level objectives and anomaly detectors of the objectives
//! in a catalogue.

use std::error::Error;

use dt_metrics_local::configuration::{Alerts, Metrics, Slos};
use thiserror::Error;

use super::format::Printable;
use super::output::OutputArgs;
use super::source::SourceArgs;

#[derive(Debug, clap::Args)]
pub(crate) struct SloArgs {
    #[command(flatten)]
    source: SourceArgs,

    /// The number of days that an objective covers
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=365))]
    days: u32,

    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct AlertsArgs {
    #[command(flatten)]
    source: SourceArgs,

    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Error)]
#[error(
    "no metric has an objective: state one with \
     `#[measured(objective(success = \"99.9%\", latency = \"250ms\", percentile = \"99%\"))]`"
)]
struct NoObjective;

/// Prints service-level objectives, or writes them to files.
pub(super) fn slo(args: &SloArgs) -> Result<(), Box<dyn Error>> {
    let metrics = read(&args.source)?;
    let slos = Slos::new().days(args.days);
    args.output.write(|format| slos.files(&metrics, format))
}

/// Prints anomaly detectors, or writes them to files.
pub(super) fn alerts(args: &AlertsArgs) -> Result<(), Box<dyn Error>> {
    let metrics = read(&args.source)?;
    args.output
        .write(|format| Alerts::new().files(&metrics, format))
}

fn read(source: &SourceArgs) -> Result<Metrics, Box<dyn Error>> {
    let metrics = source.read()?;
    report_unused(&metrics);
    if metrics.has_objectives() {
        Ok(metrics)
    } else {
        Err(NoObjective.into())
    }
}

#[expect(clippy::print_stderr, reason = "standard output is the configuration")]
fn report_unused(metrics: &Metrics) {
    for unused in metrics.unused_objectives() {
        eprintln!("dt-metrics-local: left out: {}", Printable(&unused));
    }
}
