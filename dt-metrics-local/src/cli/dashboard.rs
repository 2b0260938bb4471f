//! The command `dashboard`: makes a Dynatrace dashboard of a program's metrics.

use std::error::Error;

use clap::builder::NonEmptyStringValueParser;
use dt_metrics_local::configuration::Dashboard;

use super::output::OutputArgs;
use super::source::SourceArgs;

#[derive(Debug, clap::Args)]
pub(crate) struct DashboardArgs {
    #[command(flatten)]
    source: SourceArgs,

    /// The title of the dashboard
    #[arg(long, default_value = "Metrics")]
    title: String,

    /// Split charts by this dimension, which all metrics have, such as a default dimension. May be
    /// given more than once
    #[arg(long, value_name = "KEY", value_parser = NonEmptyStringValueParser::new())]
    split_by: Vec<String>,

    /// Add a menu that filters by this dimension, which all metrics have. May be given more than
    /// once. Dimensions that several metrics have get a menu automatically
    #[arg(long, value_name = "KEY", value_parser = NonEmptyStringValueParser::new())]
    filter_by: Vec<String>,

    #[command(flatten)]
    output: OutputArgs,
}

/// Prints a dashboard, or writes it to a file.
pub(super) fn run(args: &DashboardArgs) -> Result<(), Box<dyn Error>> {
    let metrics = args.source.read()?;
    let dashboard = Dashboard::new(&args.title);
    let dashboard = args.split_by.iter().fold(dashboard, Dashboard::split_by);
    let dashboard = args.filter_by.iter().fold(dashboard, Dashboard::filter_by);
    args.output
        .write(|format| dashboard.files(&metrics, format))
}
