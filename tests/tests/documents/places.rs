//! CONTRIBUTING.md names the folder for each change, and each folder for some change.

use std::collections::BTreeSet;
use std::path::Path;

use super::layers::CRATES;
use super::layers::imports::sources;
use super::{read, root};

/// The folders in the second column of the table "Where a change goes", as they are written.
fn named(contributing: &str) -> Vec<String> {
    let (_, section) = contributing
        .split_once("## Where a change goes")
        .expect("the heading");
    let table = section.lines().skip_while(|line| !line.starts_with('|'));
    let rows = table.take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|row| {
        let (_, place) = row
            .trim_end_matches([' ', '|'])
            .rsplit_once("| ")
            .expect("two cells");
        let folder = place
            .trim()
            .strip_prefix('`')
            .and_then(|it| it.strip_suffix("/`"));
        folder
            .unwrap_or_else(|| panic!("not a folder: {row}"))
            .to_owned()
    })
    .collect()
}

/// The mistakes in the table, compared with all folders with sources.
fn mistakes(
    named: &[String],
    folders: &BTreeSet<String>,
    exists: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut mistakes = Vec::new();
    let mut seen = BTreeSet::new();
    for folder in named {
        if !seen.insert(folder) {
            mistakes.push(format!("{folder} is named twice"));
        }
        if !exists(folder) {
            mistakes.push(format!("{folder} does not exist"));
        }
    }
    for folder in folders {
        let covers = |named: &String| {
            // A whole library is not a place for a change.
            let is_crate = named.ends_with("src");
            folder == named || (!is_crate && folder.starts_with(&format!("{named}/")))
        };
        if !named.iter().any(covers) {
            mistakes.push(format!("{folder} is not named"));
        }
    }
    mistakes
}

/// The folders inside the libraries that have source files directly in them.
fn folders() -> BTreeSet<String> {
    let mut folders = BTreeSet::new();
    let libraries = CRATES
        .iter()
        .filter(|(folder, _)| folder.starts_with("dt-metrics"));
    for (sources_of_crate, _) in libraries {
        for file in sources(&root().join(sources_of_crate)).keys() {
            let path = format!("{sources_of_crate}/{file}");
            let (folder, file) = path.rsplit_once('/').expect("a folder");
            // The files at the top declare modules.
            let is_top = folder == *sources_of_crate;
            if !is_top && file != "tests.rs" && !folder.ends_with("/tests") {
                folders.insert(folder.to_owned());
            }
        }
    }
    folders
}

#[test]
fn where_a_change_goes() {
    let named = named(&read("CONTRIBUTING.md"));
    let mistakes = mistakes(&named, &folders(), |folder| root().join(folder).is_dir());
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

#[test]
fn a_folder_that_is_named_twice_or_not_at_all_is_found() {
    let table = "## Where a change goes\n\n| a change to … | folder |\n| --- | --- |\n\
        | lines | `a/src/line/` |\n| the crate | `a/src/` |\n| lines again | `a/src/line/` |\n\
        | nothing | `a/src/none/` |\n\nMore.\n| not | `a/row/` |\n";
    let named = named(table);
    let folders = ["a/src", "a/src/line", "a/src/line/deep", "a/src/other"];
    let found = mistakes(&named, &folders.map(str::to_owned).into(), |folder| {
        !folder.ends_with("none")
    });
    let expected = [
        "a/src/line is named twice",
        "a/src/none does not exist",
        "a/src/other is not named",
    ];
    assert_eq!(found, expected);
}

/// The files that the architecture names, as paths from the top.
fn files_on_the_way(architecture: &str) -> Vec<String> {
    let mut files = Vec::new();
    let (mut folder, mut is_for_section) = ("", false);
    for line in architecture.lines() {
        if line.starts_with("## ") && is_for_section {
            folder = "";
        }
        let words: Vec<_> = line.split('`').skip(1).step_by(2).collect();
        if line.starts_with("All paths") {
            is_for_section = line.contains("in this section");
            folder = words.first().expect("a folder");
        }
        for name in words
            .iter()
            .filter(|name| Path::new(name).extension().is_some_and(|end| end == "rs"))
        {
            let is_whole = root().join(name).is_file();
            let folder = if is_whole { "" } else { folder };
            files.push(format!("{folder}{name}"));
        }
    }
    files
}

#[test]
fn the_way_of_a_count_names_each_file_once() {
    let files = files_on_the_way(&read("docs/ARCHITECTURE.md"));
    assert!(files.len() > 25, "{files:?}");
    let mut seen = BTreeSet::new();
    for file in &files {
        assert!(root().join(file).is_file(), "{file} does not exist");
        assert!(seen.insert(file), "{file} is named twice");
    }
}
