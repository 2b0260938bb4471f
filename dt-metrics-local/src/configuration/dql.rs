//! Writes queries in DQL (Dynatrace documentation, "DQL metric commands").

use std::borrow::Cow;
use std::fmt::Write;

/// Keywords of DQL that cannot be names.
const WORDS: &[&str] = &[
    "and",
    "by",
    "else",
    "false",
    "filter",
    "from",
    "in",
    "interval",
    "not",
    "null",
    "or",
    "to",
    "true",
    "timeframe",
    "timeseries",
    "xor",
];

/// The name of a metric, a dimension or a column, in backticks if necessary. For example, a hyphen
/// without backticks would be a subtraction.
pub(super) fn name(name: &str) -> Cow<'_, str> {
    let plain = |section: &str| {
        let mut bytes = section.bytes();
        bytes
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let is_word = WORDS.contains(&&*name.to_ascii_lowercase());
    if name.split('.').all(plain) && !is_word {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(format!("`{name}`"))
    }
}

/// The query of a chart for one metric.
pub(super) struct Query<'a> {
    pub(super) metric: &'a str,
    pub(super) columns: &'a [Column],
    pub(super) by: Vec<&'a str>,
    /// Conditions, which must all be true.
    pub(super) filters: Vec<String>,
}

/// A curve for each series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    /// The name in the chart.
    pub(super) name: &'static str,
    aggregation: &'static str,
    /// The parameters behind the metric, such as `, default: 0`.
    parameters: &'static str,
}

// The exporter does not send a count without an increase, so a missing value is 0.
pub(super) const TOTAL: Column = column("total", "sum", ", default: 0");
pub(super) const PER_SECOND: Column = column("per_second", "sum", ", default: 0, rate: 1s");
pub(super) const AVERAGE: Column = column("average", "avg", "");
pub(super) const MINIMUM: Column = column("minimum", "min", "");
pub(super) const MAXIMUM: Column = column("maximum", "max", "");
// Dynatrace's own dashboard for Collectors counts requests in the same way, from their durations.
pub(super) const MEASUREMENTS: Column =
    column("measurements", "sum", ", default: 0, rollup: total");

const fn column(name: &'static str, aggregation: &'static str, parameters: &'static str) -> Column {
    Column {
        name,
        aggregation,
        parameters,
    }
}

impl Column {
    /// The name next to these dimensions, which are columns as well.
    pub(super) fn name_beside(&self, dimensions: &[&str]) -> String {
        let mut name = self.name.to_owned();
        while dimensions.contains(&&*name) {
            name.push('_');
        }
        name
    }
}

impl Query<'_> {
    /// The text of the query.
    pub(super) fn text(&self) -> String {
        let metric = name(self.metric);
        let columns = self.columns.iter().map(|column| {
            let Column {
                aggregation,
                parameters,
                ..
            } = column;
            let column = column.name_beside(&self.by);
            format!("{} = {aggregation}({metric}{parameters})", name(&column))
        });
        let mut text = timeseries(columns);
        // Writing to a `String` never fails.
        if !self.by.is_empty() {
            let by: Vec<_> = self.by.iter().map(|dimension| name(dimension)).collect();
            let _ = write!(text, ",\nby: {{ {} }}", by.join(", "));
        }
        if !self.filters.is_empty() {
            let _ = write!(text, ",\nfilter: {{ {} }}", self.filters.join(" and "));
        }
        text
    }
}

/// The command `timeseries` with these columns.
pub(super) fn timeseries(columns: impl IntoIterator<Item = String>) -> String {
    let columns: Vec<_> = columns.into_iter().collect();
    format!("timeseries {{ {} }}", columns.join(", "))
}
