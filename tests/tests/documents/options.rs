//! The guide has all options and all drop reasons.

use dt_metrics::dynatrace::DropReason;

use super::layers::imports::sources;
use super::{read, root};

/// The public functions that take a builder and return it.
fn options(text: &str) -> Vec<String> {
    let functions = text.split("pub fn ").skip(1);
    functions
        .filter_map(|function| {
            let (name, rest) = function.split_once(['(', '<'])?;
            let parameters = rest.get(..120).unwrap_or(rest);
            let takes_self = parameters.contains("mut self") && !parameters.contains("&mut self");
            takes_self.then(|| name.to_owned())
        })
        .collect()
}

#[test]
fn the_guide_has_every_option() {
    let guide = read("docs/guide/configuration.md");
    let mut count = 0;
    for folder in ["dt-metrics/src/pipeline", "dt-metrics/src/dynatrace"] {
        for (file, text) in sources(&root().join(folder)) {
            for option in options(&text) {
                count += 1;
                let row = guide.lines().find(|line| {
                    let mut cells = line.split('|');
                    cells
                        .nth(1)
                        .is_some_and(|cell| cell.contains(&format!("`{option}(")))
                });
                assert!(
                    row.is_some(),
                    "{option} of {folder}/{file} is in no table of the guide"
                );
            }
        }
    }
    assert!(count >= 30, "{count}");
}

#[test]
fn the_guide_has_every_drop_reason() {
    let page = read("docs/guide/health.md");
    for reason in DropReason::ALL {
        let row = format!("\n| `{reason}` | ");
        assert!(page.contains(&row), "docs/guide/health.md: no row {row:?}");
    }
}
