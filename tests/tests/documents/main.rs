//! Documents are correct: their code is compiled, and their commands, options, links and places
//! exist. The wording of documents and sources, and the imports of sources, are checked as well.

mod code;
mod commands;
#[cfg(unix)]
mod curl;
mod errors;
mod layers;
mod links;
mod options;
mod places;
mod threats;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

/// The top of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
        .to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Documents for readers of the repository, by their path in it.
fn documents() -> Vec<String> {
    let mut documents = in_folder("");
    for folder in [
        "docs/",
        "docs/guide/",
        "integrations/dt-metrics-recorder/",
        "integrations/dt-metrics-system/",
        "integrations/dt-metrics-tower/",
        "dt-metrics/",
        "dt-metrics-local/",
        "dt-metrics-macros/",
    ] {
        documents.extend(in_folder(folder));
    }
    assert!(documents.len() >= 30, "{documents:?}");
    documents
}

/// The Markdown files of a folder, whose name ends in `/` if it is not the top.
fn in_folder(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).expect("the folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<_> = names
        .filter_map(|name| name.into_string().ok())
        .filter(|name| Path::new(name).extension().is_some_and(|end| end == "md"))
        .map(|name| format!("{folder}{name}"))
        .collect();
    names.sort();
    names
}

/// The blocks of code, by the language after their fence.
fn blocks(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, Vec<&str>)> = None;
    for line in text.lines() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(language), None) => open = Some((language, Vec::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some((_, lines))) => lines.push(line),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block of code without an end");
    blocks
}
