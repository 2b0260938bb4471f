//! The catalogue as a page of Markdown.

use core::fmt::Write;

use super::catalog::catalog;
use super::conflict::{Conflict, conflicts};
use crate::descriptor::Descriptor;

/// Returns the catalogue as a Markdown table, for a page of documentation.
///
/// The table has one row per entry of [`catalog`], in the same order. Below the table are the objectives of
/// `#[measured(objective(…))]`, and conflicts: instruments that are not exported because another
/// instrument has the same name, and instruments with the same name and different objectives. Markup in
/// names and descriptions is escaped, and paths to files of dependencies begin at their package.
///
/// ```
/// #[dt_metrics::counted(name = "baskets", unit = "{basket}", dims(region = "eu"))]
/// fn fill_basket() {}
///
/// let page = dt_metrics::catalog_markdown();
/// assert!(page.starts_with("| Name | Kind | Unit | Dimensions | Description | Place |\n"));
/// assert!(page.contains("| `baskets` | counter | `{basket}` | `region` |  | `"));
/// ```
#[must_use]
pub fn catalog_markdown() -> String {
    markdown(&catalog())
}

pub(super) fn markdown(descriptors: &[&'static Descriptor]) -> String {
    let mut page = String::from(
        "| Name | Kind | Unit | Dimensions | Description | Place |\n\
         | --- | --- | --- | --- | --- | --- |\n",
    );
    for descriptor in descriptors {
        let keys: Vec<_> = descriptor.dimension_keys.iter().map(|k| code(k)).collect();
        let cells = [
            code(descriptor.name),
            descriptor.kind.to_string(),
            code(descriptor.unit),
            keys.join(", "),
            text(descriptor.description),
            place(descriptor),
        ];
        for cell in cells {
            page.push_str("| ");
            // A table is first cut at its pipes, even at pipes in code.
            page.push_str(&cell.replace('|', r"\|"));
            page.push(' ');
        }
        page.push_str("|\n");
    }
    let objectives: Vec<_> = descriptors
        .iter()
        .filter_map(|descriptor| {
            let objective = descriptor.objective?;
            Some(format!("- {}: {objective}\n", code(descriptor.name)))
        })
        .collect();
    if !objectives.is_empty() {
        page.push_str("\nObjectives:\n\n");
        page.extend(objectives);
    }
    let (objectives, conflicts): (Vec<_>, Vec<_>) = conflicts(descriptors)
        .into_iter()
        .partition(|conflict| conflict.objectives().is_some());
    if !objectives.is_empty() {
        page.push_str("\nObjectives that differ under the same name:\n\n");
    }
    for conflict in objectives {
        let Some((one, other)) = conflict.objectives() else {
            continue;
        };
        let (first, second) = (place(conflict.first), place(conflict.second));
        let name = code(conflict.second.name);
        // Writing to a string does not fail.
        writeln!(page, "- {name}: {one} at {first}, but {other} at {second}").ok();
    }
    if !conflicts.is_empty() {
        page.push_str(
            "\nNot exported, since another metric has the same name with a different kind or \
             unit:\n\n",
        );
    }
    for Conflict { first, second } in conflicts {
        // Writing to a string does not fail.
        writeln!(page, "- {}, but {}", what(second), what(first)).ok();
    }
    page
}

fn what(descriptor: &Descriptor) -> String {
    let Descriptor {
        name, kind, unit, ..
    } = descriptor;
    let place = place(descriptor);
    match *unit {
        "" => format!("{} at {place} is a {kind} without unit", code(name)),
        unit => format!("{} at {place} is a {kind} in {}", code(name), code(unit)),
    }
}

fn place(descriptor: &Descriptor) -> String {
    let file = descriptor.file.replace('\\', "/");
    code(&format!("{}:{}", shared_path(&file), descriptor.line))
}

/// The path of a file without the part that differs between two machines: where Cargo keeps
/// its downloads.
fn shared_path(file: &str) -> &str {
    if let Some((_, in_registry)) = file.split_once("/registry/src/") {
        return in_registry.split_once('/').map_or(file, |(_, path)| path);
    }
    file.split_once("/git/checkouts/")
        .map_or(file, |(_, path)| path)
}

/// Code that shows `text` as it is, on one line; nothing for nothing.
fn code(text: &str) -> String {
    let text = one_line(text);
    if text.is_empty() {
        return text;
    }
    if !text.contains('`') {
        return format!("`{text}`");
    }
    // Longer than any run of backticks inside, and apart from backticks at its ends.
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    format!("{fence} {text} {fence}")
}

/// Text of which nothing means anything to Markdown, HTML, MDX or formulas, on one line.
fn text(text: &str) -> String {
    let text = one_line(text);
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\`*_[]<>{}~&$".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Runs of white space and control characters become one space: a cell ends with its line.
fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}
