//! Links lead somewhere.

use std::path::Path;

use super::{documents, in_folder, read, root};

/// The targets of links, those in code left out.
fn targets(text: &str) -> Vec<String> {
    let mut in_code = false;
    let prose: String = text
        .lines()
        .filter(|line| {
            in_code ^= line.trim_start().starts_with("```");
            !in_code
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    let links = prose.split("](").skip(1);
    links
        .filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()))
        .filter(|target| !target.starts_with("http"))
        .collect()
}

/// What a heading is called in the address of a page.
fn anchors(text: &str) -> Vec<String> {
    let mut in_code = false;
    let headings = text.lines().filter(|line| {
        in_code ^= line.starts_with("```");
        !in_code && line.starts_with('#')
    });
    headings
        .map(|line| {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let kept = heading.chars().filter_map(|c| match c {
                ' ' => Some('-'),
                '-' | '_' => Some(c),
                _ => c.is_alphanumeric().then_some(c),
            });
            kept.collect()
        })
        .collect()
}

#[test]
fn links_of_documents() {
    for document in documents() {
        let folder = Path::new(&document).parent().expect("a folder");
        for target in targets(&read(&document)) {
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let file = match file {
                "" => document.clone(),
                file => folder.join(file).to_string_lossy().into_owned(),
            };
            assert!(root().join(&file).exists(), "{document}: no {target}");
            if !anchor.is_empty() {
                let there = anchors(&read(&file)).iter().any(|there| there == anchor);
                assert!(there, "{document}: no {target}");
            }
        }
    }
}

/// Rustdoc looks for the items, and not for the headings on their pages.
#[test]
fn anchors_on_the_pages_of_macros() {
    const FOLDER: &str = "dt-metrics-macros/docs/";
    let pages = in_folder(FOLDER);
    assert_eq!(pages.len(), 14, "a page for each macro");
    for page in pages {
        for target in targets(&read(&page)) {
            let Some((item, anchor)) = target.split_once('#') else {
                continue;
            };
            let file = match item.split_once('@') {
                Some((_, name)) => format!("{FOLDER}{name}.md"),
                None => page.clone(),
            };
            let there = anchors(&read(&file)).iter().any(|there| there == anchor);
            assert!(there, "{page}: no {target}");
        }
    }
}
