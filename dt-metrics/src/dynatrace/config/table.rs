//! The options of the builders, [one row each](rows::TABLE). The environment, `check`, the guide and the tests
//! go by this table.

mod parse;
mod row;
mod rows;
#[cfg(test)]
mod tests;

use std::fmt;

use self::row::Row;
pub(crate) use self::row::Scope;
use self::rows::TABLE;
use crate::dynatrace::config::environment::Environment;
use crate::dynatrace::config::options::Options;
use crate::dynatrace::config::source::Source;
use crate::dynatrace::config::token::looks_like_a_token;
use crate::dynatrace::redact::{Redactor, shorten};
use crate::dynatrace::text::printable;
use crate::similarity::nearest;

/// The beginning of the names of this crate's own variables.
const OWN: &str = "DT_METRICS_";

/// Takes the options that the program does not set from the environment. Values that are not usable
/// become warnings. Nothing happens to options that were read before.
pub(crate) fn read(options: &mut Options, scope: Scope, environment: Environment) {
    // The pipeline reads the exporter's options as well.
    let is_read = |row: &Row| scope == Scope::Pipeline || row.scope == scope;
    if std::mem::replace(&mut options.is_environment_read, true) {
        return;
    }
    for row in TABLE.iter().filter(|row| is_read(row)) {
        row.read(options, environment);
    }
}

/// A warning for each of these variables that looks like an option but does not name one.
pub(crate) fn unknown_variables(names: &[String]) -> Vec<String> {
    let own = |name: &&String| name.starts_with(OWN);
    let is_known = |name: &str| variables().any(|variable| variable == name);
    let unknown = names.iter().filter(own).filter(|name| !is_known(name));
    let mut warnings: Vec<_> = unknown.map(|name| unknown_variable(name)).collect();
    warnings.sort();
    warnings
}

fn variables() -> impl Iterator<Item = &'static str> {
    TABLE
        .iter()
        .flat_map(|row| row.variables)
        .map(|variable| variable.name)
}

fn unknown_variable(name: &str) -> String {
    let shown = shorten(name);
    let option = name[OWN.len()..].to_ascii_lowercase();
    if TABLE
        .iter()
        .any(|row| row.name == option && row.variables.is_empty())
    {
        return format!("ignoring {shown}: only the program can set `{option}`, with the builder");
    }
    let own = variables().filter(|variable| variable.starts_with(OWN));
    match nearest(name, own) {
        Some(nearest) => {
            format!("ignoring {shown}, which is not an option: did you mean {nearest}?")
        }
        None => format!("ignoring {shown}, which is not an option: remove it"),
    }
}

/// An option of a configuration: its value, and the source of the value.
///
/// ```
/// let report = dt_metrics::builder()
///     .endpoint("http://127.0.0.1:1/metrics/ingest")
///     .prefix("shop")
///     .check();
/// let prefix = report.settings().iter().find(|setting| setting.name == "prefix");
/// assert_eq!(prefix.map(|it| it.to_string()), Some("prefix = shop, from the program".into()));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Setting {
    /// The name of the option, which is the method of the builder.
    pub name: &'static str,
    /// The value, without secrets.
    pub value: String,
    /// The source of the value.
    pub source: Source,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}, from {}", self.name, self.value, self.source)
    }
}

/// The values of all options, without these secrets and anything like a token, and where the values
/// come from.
pub(crate) fn settings(options: &Options, redactor: &Redactor) -> Vec<Setting> {
    let shown = |row: &Row| {
        let value = (row.show)(options);
        if looks_like_a_token(&value) {
            return "<withheld: it contains a token>".to_owned();
        }
        printable(&redactor.redact(&value)).into_owned()
    };
    let settings = TABLE.iter().map(|row| Setting {
        name: row.name,
        value: shown(row),
        source: options.source(row.name),
    });
    settings.collect()
}
