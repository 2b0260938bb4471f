//! The guide quotes the errors of the library as they are.

use super::layers::imports::sources;
use super::{read, root};

/// The texts in the first cells of the table under "Errors by their text".
fn texts(page: &str) -> Vec<&str> {
    let (_, section) = page
        .split_once("Errors by their text:")
        .expect("the section");
    let table = section.lines().skip_while(|line| !line.starts_with('|'));
    let rows = table.take_while(|line| line.starts_with('|'));
    rows.filter_map(|row| row.strip_prefix("| `")?.split_once("` |"))
        .map(|(text, _)| text)
        .filter(|text| !text.contains('`'))
        .collect()
}

#[test]
fn the_guide_quotes_errors_of_the_library() {
    let page = read("docs/guide/troubleshooting.md");
    let texts = texts(&page);
    assert!(texts.len() >= 6, "{texts:?}");
    let sources = sources(&root().join("dt-metrics/src"));
    let without_tests = sources.iter().filter(|(file, _)| !file.contains("tests"));
    // As strings are: a line that ends in a backslash continues.
    let strings: String = without_tests
        .flat_map(|(_, text)| text.split("\\\n").map(str::trim_start))
        .collect();
    for text in texts {
        assert!(
            strings.contains(text),
            "no error of the library has {text:?}"
        );
    }
}
