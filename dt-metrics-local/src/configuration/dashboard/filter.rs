//! Menus that filter by the values of a dimension.

use std::fmt::Write;

use serde::Serialize;

use crate::configuration::dql;
use crate::configuration::metric::ExportedMetric;

/// The app's identifier for "all values", as in dashboards that it exports.
const ALL: &str = "3420b2ac-f1cf-4b24-b62d-61ba1ba8ed05*";

/// The value of series without the dimension.
const NONE: &str = "(none)";

/// Maximum number of automatic menus: more do not fit above a dashboard.
const MAX_AUTOMATIC: usize = 6;

/// Number of metrics per command.
const METRICS_PER_COMMAND: usize = 10;

/// A menu.
pub(super) struct Filter {
    /// The name in queries, without `$`.
    variable: String,
    pub(super) dimension: String,
    input: String,
}

/// A variable of the document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Variable<'a> {
    key: &'a str,
    r#type: &'static str,
    version: u32,
    visible: bool,
    editable: bool,
    multiple: bool,
    input: &'a str,
    default_value: [&'static str; 1],
}

impl Filter {
    /// The menus for dimensions of all metrics, then the menus for dimensions of several metrics.
    pub(super) fn all(metrics: &[ExportedMetric], of_all: &[String]) -> Vec<Self> {
        let mut filters = Vec::new();
        for dimension in of_all {
            let keys: Vec<_> = metrics.iter().map(|metric| &*metric.key).collect();
            Self::add(&mut filters, dimension, &keys);
        }
        for (dimension, keys) in common(metrics).into_iter().take(MAX_AUTOMATIC) {
            if !of_all.iter().any(|known| known == dimension) {
                Self::add(&mut filters, dimension, &keys);
            }
        }
        filters
    }

    fn add(filters: &mut Vec<Self>, dimension: &str, metrics: &[&str]) {
        let mut variable = variable(dimension);
        while filters.iter().any(|known| known.variable == variable) {
            variable.push('_');
        }
        filters.push(Self {
            variable,
            dimension: dimension.to_owned(),
            input: values(dimension, metrics),
        });
    }

    /// The condition that a series is selected.
    pub(super) fn condition(&self) -> String {
        let dimension = dql::name(&self.dimension);
        let chosen = format!("array(${})", self.variable);
        format!(
            "if(isNull({dimension}), in(\"{NONE}\", {chosen}), else: in({dimension}, {chosen}))"
        )
    }

    pub(super) fn variable(&self) -> Variable<'_> {
        Variable {
            key: &self.variable,
            r#type: "query",
            version: 2,
            visible: true,
            editable: true,
            multiple: true,
            input: &self.input,
            default_value: [ALL],
        }
    }
}

/// The dimensions of at least two metrics, with these metrics: the most common first, then by name.
fn common(metrics: &[ExportedMetric]) -> Vec<(&str, Vec<&str>)> {
    let mut common: Vec<(&str, Vec<&str>)> = Vec::new();
    for metric in metrics {
        for dimension in &metric.dimensions {
            match common.iter_mut().find(|(known, _)| known == dimension) {
                Some((_, keys)) => keys.push(&metric.key),
                None => common.push((dimension, vec![&metric.key])),
            }
        }
    }
    common.retain(|(_, keys)| keys.len() > 1);
    common.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then(a.0.cmp(b.0)));
    common
}

/// The name of the variable for a dimension: `HttpRoute` for `http.route`.
fn variable(dimension: &str) -> String {
    let words = dimension.split(|c: char| !c.is_ascii_alphanumeric());
    let mut name = String::new();
    for word in words {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name
    } else {
        format!("Dimension{name}")
    }
}

/// A query for the values of a dimension.
fn values(dimension: &str, metrics: &[&str]) -> String {
    // The names of columns cannot clash with a dimension, which never begins with an upper case
    // letter.
    let dimension = dql::name(dimension);
    let commands = metrics.chunks(METRICS_PER_COMMAND).map(|metrics| {
        let columns = metrics.iter().enumerate();
        let columns = columns.map(|(n, metric)| format!("N{n} = count({})", dql::name(metric)));
        let command = dql::timeseries(columns);
        format!(
            "{command}, by: {{ {dimension} }}, union: true\n\
             | fields value = if(isNull({dimension}), \"{NONE}\", else: {dimension})"
        )
    });
    let mut text = String::new();
    for (index, command) in commands.enumerate() {
        match index {
            0 => text.push_str(&command),
            // Writing to a `String` never fails.
            _ => drop(write!(text, "\n| append [ {command} ]")),
        }
    }
    text.push_str("\n| dedup value\n| sort value");
    text
}
