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

/// A number without an exponent, and without the digits that a multiplication adds.
pub(super) fn number(number: f64) -> String {
    let rounded = format!("{number:.9}");
    let digits = rounded.trim_end_matches('0').trim_end_matches('.');
    digits.to_owned()
}

/// A query for the series of one metric.
pub(super) struct Query<'a> {
    pub(super) metric: &'a str,
    pub(super) columns: &'a [Column],
    pub(super) by: Vec<&'a str>,
    /// Conditions, which must all be true.
    pub(super) filters: Vec<String>,
    /// The length of a time slot, such as `1m`; chosen by Dynatrace if there is none.
    pub(super) interval: Option<&'static str>,
}

/// A curve for each series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// The name in the chart.
    pub(super) name: &'static str,
    aggregation: &'static str,
    /// The parameters behind the metric, such as `, default: 0`.
    parameters: Cow<'static, str>,
    /// Whether its values have the unit of the metric.
    pub(super) has_unit: bool,
}

// The exporter does not send a count without an increase, so a missing value is 0.
pub(super) const TOTAL: Column = column("total", "sum", ", default: 0", true);
pub(super) const PER_SECOND: Column = column("per_second", "sum", ", default: 0, rate: 1s", false);
pub(super) const AVERAGE: Column = column("average", "avg", "", true);
pub(super) const MINIMUM: Column = column("minimum", "min", "", true);
pub(super) const MAXIMUM: Column = column("maximum", "max", "", true);
// Dynatrace estimates percentiles from buckets: docs.dynatrace.com, "Histogram metrics".
pub(super) const HALF: Column = column("p50", "percentile", ", 50", true);
pub(super) const MOST: Column = column("p95", "percentile", ", 95", true);
pub(super) const NEARLY_ALL: Column = column("p99", "percentile", ", 99", true);
// Dynatrace's own dashboard for Collectors counts requests in the same way, from their durations.
pub(super) const MEASUREMENTS: Column =
    column("measurements", "sum", ", default: 0, rollup: total", false);
// Calls in the overflow series have no outcome. Without a call, the total has no value, so that a
// quotient has none either.
const CALLS: Column = column("calls", "sum", ", filter: isNotNull(outcome)", false);
const GOOD: Column = column(
    "good",
    "sum",
    ", default: 0, filter: outcome == \"ok\"",
    false,
);

const fn column(
    name: &'static str,
    aggregation: &'static str,
    parameters: &'static str,
    has_unit: bool,
) -> Column {
    Column {
        name,
        aggregation,
        parameters: Cow::Borrowed(parameters),
        has_unit,
    }
}

impl Column {
    /// The share of the values that are at most `value`, as a percentage.
    ///
    /// `percentRank` is in the function reference that Dynatrace publishes: `dql-functions-timeseries.md` of
    /// <https://github.com/Dynatrace/dynatrace-for-ai/tree/main/skills/dt-dql-essentials/references/dql>.
    pub(super) fn share_up_to(name: &'static str, value: f64) -> Self {
        Self {
            name,
            aggregation: "percentRank",
            parameters: format!(", {}", number(value)).into(),
            has_unit: false,
        }
    }

    /// The value that the share `percent` of the values does not exceed.
    pub(super) fn percentile(name: &'static str, percent: f64) -> Self {
        Self {
            name,
            aggregation: "percentile",
            parameters: format!(", {}", number(percent)).into(),
            has_unit: true,
        }
    }

    /// The name next to these dimensions, which are columns as well.
    pub(super) fn name_beside(&self, dimensions: &[&str]) -> String {
        name_beside(self.name, dimensions)
    }
}

/// The name of a column next to these dimensions, which are columns as well.
pub(super) fn name_beside(name: &str, dimensions: &[&str]) -> String {
    let mut name = name.to_owned();
    while dimensions.contains(&&*name) {
        name.push('_');
    }
    name
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
        if let Some(interval) = self.interval {
            let _ = write!(text, ",\ninterval: {interval}");
        }
        text
    }
}

/// A query with one column, the share of calls that fail or succeed, as a percentage of the calls that
/// `metric` counts by outcome.
pub(super) struct Rate<'a> {
    /// The name of the column.
    pub(super) column: &'static str,
    pub(super) of_failures: bool,
    pub(super) metric: &'a str,
    /// Without the outcome.
    pub(super) by: Vec<&'a str>,
    pub(super) filters: Vec<String>,
    pub(super) interval: Option<&'static str>,
}

impl Rate<'_> {
    /// The name of the column next to the dimensions.
    pub(super) fn name(&self) -> String {
        name_beside(self.column, &self.by)
    }

    /// The text of the query.
    pub(super) fn text(&self) -> String {
        let columns = [CALLS, GOOD];
        let [calls, good] = columns
            .each_ref()
            .map(|column| column.name_beside(&self.by));
        let (calls, good) = (name(&calls), name(&good));
        let query = Query {
            metric: self.metric,
            columns: &columns,
            by: self.by.clone(),
            filters: self.filters.clone(),
            interval: self.interval,
        };
        let share = if self.of_failures {
            format!("({calls}[] - {good}[])")
        } else {
            format!("{good}[]")
        };
        // With `union`, a series without a single good call is kept.
        format!(
            "{},\nunion: true\n| fieldsAdd {} = 100 * {share} / {calls}[]\n| fieldsRemove {calls}, {good}",
            query.text(),
            name(&self.name())
        )
    }
}

/// The command `timeseries` with these columns.
pub(super) fn timeseries(columns: impl IntoIterator<Item = String>) -> String {
    let columns: Vec<_> = columns.into_iter().collect();
    format!("timeseries {{ {} }}", columns.join(", "))
}
