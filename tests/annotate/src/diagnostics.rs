//! The compiler's diagnostics of a package.

use std::collections::BTreeMap;

use serde_json::Value;

/// The number of each diagnostic. Columns are left out: annotations are on the lines of functions.
pub type Diagnostics = BTreeMap<Diagnostic, usize>;

#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Diagnostic {
    /// The library, a test, …
    target: String,
    level: String,
    pub lint: String,
    message: String,
    place: String,
    /// As cargo shows it; not compared.
    rendered: Rendered,
}

/// Text that makes no difference.
#[derive(Clone, Debug, Default)]
struct Rendered(String);

impl PartialEq for Rendered {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Rendered {}

impl PartialOrd for Rendered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rendered {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

impl Diagnostic {
    pub fn rendered(&self) -> String {
        format!("[{}] {}", self.target, self.rendered.0)
    }
}

/// Reads the messages of cargo, a line of JSON each, that are about the package in this folder.
pub fn read(messages: &str, manifest: &str) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    for line in messages.lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        if message["reason"] != "compiler-message" || message["manifest_path"] != manifest {
            continue;
        }
        if let Some(diagnostic) = diagnostic(&message) {
            *diagnostics.entry(diagnostic).or_default() += 1;
        }
    }
    diagnostics
}

fn diagnostic(message: &Value) -> Option<Diagnostic> {
    let target = &message["target"];
    let message = &message["message"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let place = message["spans"]
        .as_array()?
        .iter()
        .find(|span| span["is_primary"] == true)
        .map(|span| format!("{}:{}", text(&span["file_name"]), span["line_start"]));
    // Without a place: how many there were in all.
    let place = place?;
    Some(Diagnostic {
        target: format!("{} {}", text(&target["kind"][0]), text(&target["name"])),
        level: text(&message["level"]),
        lint: text(&message["code"]["code"]),
        message: text(&message["message"]),
        place,
        rendered: Rendered(text(&message["rendered"])),
    })
}

/// The diagnostics that `other` has more of.
pub fn more<'a>(one: &Diagnostics, other: &'a Diagnostics) -> Vec<&'a Diagnostic> {
    let mut more = Vec::new();
    for (diagnostic, &count) in other {
        let before = one.get(diagnostic).copied().unwrap_or_default();
        more.extend(std::iter::repeat_n(
            diagnostic,
            count.saturating_sub(before),
        ));
    }
    more
}

/// Prints how many there are of each lint, and some of them.
pub fn show(what: &str, diagnostics: &[&Diagnostic]) {
    let mut lints = BTreeMap::<&str, Vec<&Diagnostic>>::new();
    for diagnostic in diagnostics {
        lints.entry(&diagnostic.lint).or_default().push(diagnostic);
    }
    for (lint, diagnostics) in lints {
        println!("{what}: {} of {lint}", diagnostics.len());
        for diagnostic in diagnostics.iter().take(3) {
            println!("{}", diagnostic.rendered());
        }
    }
}
