//! The catalogue as JSON, for programs.

use core::fmt::Write;

use super::catalog::catalog;
use super::conflict::conflicts;
use crate::descriptor::{Descriptor, Objective};

/// Returns the catalogue as JSON, for a page of documentation or a check of your own.
///
/// The text is an array with one object per entry of [`catalog`], in the same order, one object per line. Each
/// object has `name`, `kind` (`counter`, `up_down_counter`, `histogram` or `gauge`), `unit`,
/// `description`, `dimension_keys`, `objective`, `module_path`, `file` and `line`, and `conflict`:
/// `null`, or a text that describes the other instrument with the same name.
///
/// `objective` is `null`, `{"success":0.999}` (the share of calls that succeed), or
/// `{"latency":0.25,"percentile":0.99}` (a time in seconds, and the share of calls that take no longer).
///
/// ```
/// #[dt_metrics::counted(name = "purchases", description = "\"Buy\" was pressed.")]
/// fn buy() {}
///
/// let json = dt_metrics::catalog_json();
/// assert!(json.contains(r#"{"name":"purchases","kind":"counter","unit":"","#));
/// assert!(json.contains(r#""description":"\"Buy\" was pressed.","dimension_keys":[],"#));
/// ```
#[must_use]
pub fn catalog_json() -> String {
    json(&catalog())
}

/// The catalogue as JSON in which each object also has `key`: the metric key that the exporter sends
/// for a name, or `null` if it sends none.
#[cfg(feature = "dynatrace")]
pub(crate) fn catalog_json_with_keys(key: impl Fn(&str) -> Option<String>) -> String {
    json_with(&catalog(), |descriptor| {
        let key = key(descriptor.name).map_or_else(|| "null".to_owned(), |key| string(&key));
        format!(",\"key\":{key}")
    })
}

pub(super) fn json(descriptors: &[&'static Descriptor]) -> String {
    json_with(descriptors, |_| String::new())
}

/// The descriptors as JSON; `more` adds fields to the object of each.
fn json_with(descriptors: &[&'static Descriptor], more: impl Fn(&Descriptor) -> String) -> String {
    let conflicts = conflicts(descriptors);
    let objects: Vec<_> = descriptors
        .iter()
        .map(|descriptor| {
            let conflict = conflicts
                .iter()
                .find(|conflict| core::ptr::eq(conflict.second, *descriptor))
                .map(ToString::to_string);
            object(descriptor, conflict.as_deref(), &more(descriptor))
        })
        .collect();
    match objects.len() {
        0 => "[]\n".to_owned(),
        _ => format!("[\n{}\n]\n", objects.join(",\n")),
    }
}

fn object(descriptor: &Descriptor, conflict: Option<&str>, more: &str) -> String {
    let Descriptor {
        name,
        kind,
        unit,
        description,
        dimension_keys,
        objective,
        module_path,
        file,
        line,
        ..
    } = descriptor;
    let keys: Vec<_> = dimension_keys.iter().map(|key| string(key)).collect();
    format!(
        "{{\"name\":{},\"kind\":{},\"unit\":{},\"description\":{},\"dimension_keys\":[{}],\
         \"objective\":{},\"module_path\":{},\"file\":{},\"line\":{line},\"conflict\":{}{more}}}",
        string(name),
        string(&kind.to_string().replace([' ', '-'], "_")),
        string(unit),
        string(description),
        keys.join(","),
        objective.map_or_else(|| "null".to_owned(), objective_of),
        string(module_path),
        string(file),
        conflict.map_or_else(|| "null".to_owned(), string),
    )
}

fn objective_of(objective: Objective) -> String {
    match objective {
        Objective::Success { ratio } => format!("{{\"success\":{ratio}}}"),
        Objective::Latency {
            threshold,
            percentile,
        } => {
            let seconds = threshold.as_secs_f64();
            format!("{{\"latency\":{seconds},\"percentile\":{percentile}}}")
        }
    }
}

/// A string of JSON (RFC 8259, section 7).
pub(crate) fn string(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            // The separators are line ends to JavaScript; `<` would end a script in a page.
            '\0'..' ' | '\u{7f}' | '<' | '\u{2028}' | '\u{2029}' => {
                // Writing to a string does not fail.
                write!(quoted, "\\u{:04x}", u32::from(c)).ok();
            }
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
