//! Menus that choose among the values of a dimension.

use std::fmt::Write;

use serde::Serialize;

use super::dql;
use super::metric::Metric;

/// The app's own sign for "all values", as in every dashboard that it exports with such a menu.
const ALL: &str = "3420b2ac-f1cf-4b24-b62d-61ba1ba8ed05*";

/// Series without the dimension.
const NONE: &str = "(none)";

/// Menus that come by themselves: more do not fit above a dashboard.
const BY_THEMSELVES: usize = 6;

/// Metrics that one command asks for.
const AT_ONCE: usize = 10;

pub(super) struct Filter {
    /// What queries call it, without `$`.
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
    /// Those for these dimensions of all metrics, then those for dimensions that several have.
    pub(super) fn all(metrics: &[Metric], of_all: &[String]) -> Vec<Self> {
        let mut filters = Vec::new();
        for dimension in of_all {
            let keys: Vec<_> = metrics.iter().map(|metric| &*metric.key).collect();
            Self::add(&mut filters, dimension, &keys);
        }
        for (dimension, keys) in common(metrics).into_iter().take(BY_THEMSELVES) {
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

    /// Holds for the series that were chosen.
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

/// Dimensions of at least two metrics with these: the most common first, then by name.
fn common(metrics: &[Metric]) -> Vec<(&str, Vec<&str>)> {
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

/// `http.route` as `HttpRoute`.
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
    // A dimension may be called `n0` as well, but none begins with an upper case letter.
    let dimension = dql::name(dimension);
    let commands = metrics.chunks(AT_ONCE).map(|metrics| {
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
            // A `String` takes everything that is written to it.
            _ => drop(write!(text, "\n| append [ {command} ]")),
        }
    }
    text.push_str("\n| dedup value\n| sort value");
    text
}
