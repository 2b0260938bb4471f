//! The results of a package's tests.

use std::collections::BTreeMap;

/// How often a test of that name ended that way: `ok`, `FAILED`, `ignored`.
pub type Tests = BTreeMap<(String, String), usize>;

/// Reads the output of a test run.
pub fn read(stdout: &str) -> Tests {
    let mut tests = Tests::new();
    for line in stdout.lines() {
        // A test may have printed text without a line break in front of it.
        let Some((_, test)) = line.split_once("test ") else {
            continue;
        };
        let Some((name, ended)) = test.rsplit_once(" ... ") else {
            continue;
        };
        let ended = ended.split([',', ' ']).next().unwrap_or_default();
        let known = ["ok", "FAILED", "ignored"].contains(&ended);
        if known && !name.ends_with(CATALOG) {
            *tests
                .entry((name.to_owned(), ended.to_owned()))
                .or_default() += 1;
        }
    }
    tests
}

/// How many there are.
pub fn total(tests: &Tests) -> usize {
    tests.values().sum()
}

/// A test that is added to the library's own.
pub const CATALOG: &str = "catalog_of_annotations";

/// Its source; it prints how many instruments there are.
pub fn catalog() -> String {
    format!(
        "\n#[cfg(test)]\n#[test]\n#[allow(warnings, unused_extern_crates, clippy::all, clippy::restriction)]\n\
         fn {CATALOG}() {{\n    extern crate std;\n    \
         std::println!(\"{CATALOG}: {{}}\", ::dt_metrics::catalog().len());\n}}\n"
    )
}

/// Finds the number that the test prints in the output.
pub fn instruments(stdout: &str) -> Option<usize> {
    let (_, count) = stdout.rsplit_once(&format!("{CATALOG}: "))?;
    let digits = count.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}
