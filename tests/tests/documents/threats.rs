//! The tests that the page of threats names exist.

use super::read;

/// The texts between backticks that name a test: a path, `::` and a function.
fn tests(page: &str) -> Vec<(&str, &str)> {
    let quoted = page.split('`').skip(1).step_by(2);
    quoted.filter_map(|text| text.split_once(".rs::")).collect()
}

#[test]
fn tests_of_threats() {
    let page = read("docs/THREATS.md");
    let tests = tests(&page);
    assert!(tests.len() >= 25, "{tests:?}");
    for (file, name) in tests {
        let source = read(&format!("{file}.rs"));
        assert!(
            source.contains(&format!("fn {name}(")),
            "{file}.rs has no test {name}"
        );
    }
}

#[test]
fn each_threat_has_a_test() {
    let page = read("docs/THREATS.md");
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    for row in rows.filter(|row| !row.ends_with("| test |")) {
        assert!(!tests(row).is_empty(), "no test: {row}");
    }
}
