//! The arguments of the command `dashboard`.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;

#[derive(Debug, clap::Args)]
pub(crate) struct DashboardArgs {
    /// A file with the output of `dt_metrics::catalog_json()`; without it, or with `-`, standard
    /// input
    #[arg(value_name = "CATALOGUE")]
    pub(super) catalogue: Option<PathBuf>,

    /// Use the metrics that a running dt-metrics-local received, instead of a catalogue
    #[arg(long, value_name = "URL", conflicts_with_all = ["catalogue", "prefix"])]
    pub(super) from: Option<String>,

    /// The prefix of the metric keys, as set in the program with `prefix`
    #[arg(long)]
    pub(super) prefix: Option<String>,

    /// The title of the dashboard
    #[arg(long, default_value = "Metrics")]
    pub(super) title: String,

    /// Split charts by this dimension, which all metrics have, such as a default dimension. May be
    /// given more than once
    #[arg(long, value_name = "KEY", value_parser = NonEmptyStringValueParser::new())]
    pub(super) split_by: Vec<String>,

    /// Add a menu that filters by this dimension, which all metrics have. May be given more than
    /// once. Dimensions that several metrics have get a menu automatically
    #[arg(long, value_name = "KEY", value_parser = NonEmptyStringValueParser::new())]
    pub(super) filter_by: Vec<String>,

    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}
