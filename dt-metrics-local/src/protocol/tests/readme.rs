//! The table of the README agrees with the reader.

use std::time::SystemTime;

use super::Reader;

/// The texts between backticks.
fn quoted(cell: &str) -> Vec<String> {
    let parts = cell.split('`').skip(1).step_by(2);
    parts.map(ToOwned::to_owned).collect()
}

#[test]
fn each_row_of_the_table_holds() {
    let readme = include_str!("../../../README.md");
    let (_, section) = readme
        .split_once("## Which lines it accepts")
        .expect("the section is there");
    let rows = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    let reader = Reader::at(SystemTime::now());
    let mut verdicts = Vec::new();
    for row in rows {
        let row = format!("`{row}");
        let cells: Vec<_> = row.split(" | ").collect();
        let [lines, verdict, reason] = *cells else {
            panic!("{row}")
        };
        for (index, line) in quoted(lines).iter().enumerate() {
            let line = line
                .replace("\\r", "\r")
                .replace("\\n", "")
                .replace("\\t", "\t");
            match reader.read(&line) {
                Ok(_) => assert_eq!(verdict, "accepted", "{line:?}"),
                Err(error) => {
                    assert!(
                        matches!(verdict, "refused" | "unknown"),
                        "{line:?}: {error}"
                    );
                    if index == 0 {
                        assert_eq!(quoted(reason)[0], error.to_string(), "{line:?}");
                    }
                }
            }
        }
        verdicts.push(verdict.to_owned());
    }
    for verdict in ["accepted", "refused", "unknown"] {
        assert!(
            verdicts.iter().filter(|it| *it == verdict).count() > 5,
            "{verdicts:?}"
        );
    }
}
