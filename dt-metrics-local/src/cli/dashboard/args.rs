use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What `dt_metrics::catalog_json()` printed; standard input if it is `-` or not given
    #[arg(value_name = "CATALOGUE")]
    pub(super) catalogue: Option<PathBuf>,

    /// Instead of a catalogue: the metrics that a running dt-metrics-local has seen
    #[arg(long, value_name = "URL", conflicts_with_all = ["catalogue", "prefix"])]
    pub(super) from: Option<String>,

    /// The prefix of the keys, as the program gives it to its builder
    #[arg(long)]
    pub(super) prefix: Option<String>,

    /// What is written at the top
    #[arg(long, default_value = "Metrics")]
    pub(super) title: String,

    /// A dimension that all metrics have, such as a default dimension: charts are split by it.
    /// May be given more than once
    #[arg(long, value_name = "KEY", value_parser = NonEmptyStringValueParser::new())]
    pub(super) split_by: Vec<String>,

    /// A dimension that all metrics have: a menu at the top chooses among its values. May be given
    /// more than once. Dimensions that several metrics have get a menu by themselves
    #[arg(long, value_name = "KEY", value_parser = NonEmptyStringValueParser::new())]
    pub(super) filter_by: Vec<String>,

    /// A file to write to, instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}
