//! Links lead somewhere.

use std::path::Path;

use super::{documents, in_folder, read, root};

/// The targets of links, without links in code.
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
    let inline = links.filter_map(|rest| Some(rest.split_once(')')?.0));
    let defined = definitions(&prose).map(|(_, target)| target);
    inline
        .chain(defined)
        .filter(|target| !target.starts_with("http"))
        .map(str::to_owned)
        .collect()
}

/// The definitions of links, `[label]: target`.
fn definitions(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines()
        .filter_map(|line| line.strip_prefix('[')?.split_once("]: "))
        .filter(|(_, target)| !target.contains(' '))
}

/// The labels of links, as in `[text][label]`.
fn labels(text: &str) -> Vec<&str> {
    let links = text.split("][").skip(1);
    links
        .filter_map(|rest| Some(rest.split_once(']')?.0))
        .collect()
}

/// The anchors of headings in the address of a page.
fn anchors(text: &str) -> Vec<String> {
    let mut in_code = false;
    let headings = text.lines().filter(|line| {
        in_code ^= line.trim_start().starts_with("```");
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

/// The pages of the module `guide`, by their path in the repository and the name of their module.
fn pages_of_rustdoc() -> Vec<(String, String)> {
    let module = read("dt-metrics/src/guide.rs");
    let rows = module.lines().filter_map(|line| {
        let (name, path) = line.trim().strip_suffix("\";")?.split_once(" = \"")?;
        let path = path.replace("more/", "");
        Some((format!("docs/{path}"), name.to_owned()))
    });
    rows.collect()
}

/// In the repository a link leads to the file that the page itself names, in rustdoc to the module that
/// `dt-metrics/docs/links.txt` names first.
#[test]
fn links_of_the_guide_lead_to_the_same_page_in_rustdoc() {
    let pages = pages_of_rustdoc();
    let in_rustdoc = read("dt-metrics/docs/links.txt");
    for file in in_folder("docs/guide/") {
        assert!(pages.iter().any(|(path, _)| *path == file), "{file}");
    }
    for (path, _) in &pages {
        let text = read(path);
        let folder = Path::new(path).parent().expect("a folder");
        for (label, target) in definitions(&text).filter(|(_, target)| !target.starts_with("http"))
        {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = root().join(folder).join(file).canonicalize();
            let file = file.unwrap_or_else(|error| panic!("{path}: {target}: {error}"));
            let page = pages
                .iter()
                .find(|(page, _)| root().join(page).canonicalize().ok().as_ref() == Some(&file));
            let (_, module) = page.unwrap_or_else(|| panic!("{path}: {target} is not in rustdoc"));
            let mut expected = format!("crate::guide::{module}");
            if !anchor.is_empty() {
                expected = format!("{expected}#{anchor}");
            }
            let found = definitions(&in_rustdoc).find(|(other, _)| *other == label);
            assert_eq!(found, Some((label, expected.as_str())), "{path}");
        }
        for label in labels(&text) {
            let is_defined = definitions(&text).any(|(other, _)| other == label);
            assert!(is_defined, "{path}: [{label}] has no target");
        }
        let inline = text
            .split("](")
            .skip(1)
            .find(|rest| !rest.starts_with(['#', 'h']));
        assert_eq!(inline, None, "{path}: this link does not work in rustdoc");
    }
    assert!(pages.len() >= 25, "{pages:?}");
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
