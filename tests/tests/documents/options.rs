//! The guide has all options.

use super::read;

/// The functions of a builder that take it and give it back.
fn options(path: &str) -> Vec<String> {
    let text = read(path);
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
    let guide = read("docs/GUIDE.md");
    let places = [
        ("dt-metrics/src/pipeline/builder.rs", 12),
        ("dt-metrics/src/dynatrace/options/setters.rs", 14),
        ("dt-metrics/src/dynatrace/builder.rs", 5),
    ];
    for (place, at_least) in places {
        let options = options(place);
        assert!(options.len() >= at_least, "{place}: {options:?}");
        for option in options {
            let row = guide.lines().find(|line| {
                let mut cells = line.split('|');
                cells
                    .nth(1)
                    .is_some_and(|cell| cell.contains(&format!("`{option}(")))
            });
            assert!(
                row.is_some(),
                "{option} of {place} is in no table of the guide"
            );
        }
    }
}
