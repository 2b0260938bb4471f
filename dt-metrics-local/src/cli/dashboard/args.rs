//! The arguments of the command `dashboard`.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;

#[derive(Debug, clap::Args)]
pub(crate) struct DashboardArgs {
    /// The output of `dt_metrics::catalog_json()`; standard input if it is `-` or not given
    #[arg(value_name = "CATALOGUE")]
    pub(super) catalogue: Option<PathBuf>,

    /// Instead of a catalogue: the metrics that a running dt-metrics-local received
    #[arg(long, value_name = "URL", conflicts_with_all = ["catalogue", "prefix"])]
    pub(super) from: Option<String>,

    /// The prefix of the keys, as set on the program's builder
    #[arg(long)]
    pub(super) prefix: Option<String>,

    /// The title at the top
    #[arg(long, default_value = "Metrics")]
    pub(super) title: String,

    /// A dimension that all metrics have, such as a default dimension: charts are split by it.
    /// May be given more than once
    #[arg(long, value_name = "KEY", value_parser = NonEmptyStringValueParser::new())]
    pub(super) split_by: Vec<String>,

    /// A dimension that all metrics have: a menu at the top filters by its values. May be given more
    /// than once. Dimensions that several metrics have get a menu automatically
    #[arg(long, value_name = "KEY", value_parser = NonEmptyStringValueParser::new())]
    pub(super) filter_by: Vec<String>,

    /// The file to write to, instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}
