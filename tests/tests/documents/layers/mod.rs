//! Imports point in one direction: no circles between files, and in each crate only to the left.
//!
//! [`LAYERS`] is the table to change when a folder or a file gets another place.

pub(super) mod imports;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::LazyLock;

use imports::{Imports, Sources, sources};

use super::root;

/// The crates: the folder of the sources, and the root files in it.
pub(super) const CRATES: [(&str, &[&str]); 7] = [
    ("dt-metrics/src", &["lib.rs"]),
    ("dt-metrics-macros/src", &["lib.rs"]),
    ("dt-metrics-local/src", &["lib.rs", "main.rs"]),
    ("integrations/dt-metrics-recorder/src", &["lib.rs"]),
    ("integrations/dt-metrics-system/src", &["lib.rs"]),
    ("integrations/dt-metrics-tower/src", &["lib.rs"]),
    ("benches/src", &["main.rs"]),
];

/// The layers of a folder, by the names of its files and folders. `<` separates layers: each layer
/// may import the layers to its left. `|` separates the siblings of a layer, which do not import
/// each other. A file that is not named here may import anything, as long as there is no circle.
const LAYERS: [(&str, &str); 8] = [
    (
        "dt-metrics/src",
        "descriptor process properties thread throttle < instrument < line | registry < run_time < dynatrace < pipeline",
    ),
    (
        "dt-metrics/src/dynatrace",
        "error health event redact request text < config < retry < encode < spool | transport \
         < buffer < delivery < check | health_metrics < exporter",
    ),
    (
        "dt-metrics/src/instrument",
        "dimension < cells < series < kinds",
    ),
    (
        "dt-metrics-macros/src",
        "report tokens expander < parse < analyse < emit \
         < annotations impl_block in_body observed derive < lib",
    ),
    (
        "dt-metrics-local/src",
        "protocol | catalog < store | configuration < otlp < server < cli",
    ),
    (
        "integrations/dt-metrics-recorder/src",
        "describe | store < handle < recorder < builder",
    ),
    (
        "integrations/dt-metrics-system/src",
        "error share < build_info | process | tokio_runtime < builder",
    ),
    (
        "integrations/dt-metrics-tower/src",
        "attributes | route < call < body < service < server | client | rpc < reqwest_client",
    ),
];

/// Each circle between files, as a text with the names that are imported.
fn circles(imports: &Imports) -> Vec<String> {
    let mut to: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (from, into) in imports.arrows.keys() {
        to.entry(from).or_default().push(into);
    }
    let mut shown = BTreeSet::new();
    let mut circles = Vec::new();
    for file in to.keys() {
        let Some(circle) = shortest_circle(&to, file) else {
            continue;
        };
        // A circle is found from each of its files.
        if shown.contains(file) {
            continue;
        }
        shown.extend(circle.iter().copied());
        let steps = circle.iter().zip(circle.iter().cycle().skip(1));
        let steps = steps.map(|(from, into)| {
            let names = &imports.arrows[&((*from).to_owned(), (*into).to_owned())];
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            format!("{from} → {into} ({})", names.join(", "))
        });
        circles.push(steps.collect::<Vec<_>>().join(", "));
    }
    circles
}

/// The files of the shortest circle from a file back to it.
fn shortest_circle<'a>(
    to: &BTreeMap<&'a str, Vec<&'a str>>,
    start: &'a str,
) -> Option<Vec<&'a str>> {
    let mut came_from = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(file) = queue.pop_front() {
        for next in to.get(file).into_iter().flatten() {
            if *next == start {
                let way = std::iter::successors(Some(file), |file| came_from.get(file).copied());
                let mut way: Vec<_> = way.collect();
                way.reverse();
                return Some(way);
            }
            if !came_from.contains_key(next) {
                came_from.insert(*next, file);
                queue.push_back(next);
            }
        }
    }
    None
}

/// Each name of a line of [`LAYERS`], with its layer and its sibling.
fn places(layers: &str) -> impl Iterator<Item = (&str, (usize, usize))> {
    layers.split('<').enumerate().flat_map(|(layer, siblings)| {
        let siblings = siblings.split('|').enumerate();
        siblings.flat_map(move |(sibling, names)| {
            let names = names.split_whitespace();
            names.map(move |name| (name, (layer, sibling)))
        })
    })
}

/// Whether a file has this name, or is in a folder with this name.
fn is_named(file: &str, name: &str) -> bool {
    let rest = file.strip_prefix(name);
    rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

/// The arrows that point to the right or to a sibling.
fn wrong_arrows(imports: &Imports, folder: &str, layers: &str) -> Vec<String> {
    let place = |file: &str| {
        let inside = file.strip_prefix(folder)?;
        let (_, place) = places(layers).find(|(name, _)| is_named(inside, name))?;
        Some(place)
    };
    let arrows = imports.arrows.iter().filter_map(|((from, into), names)| {
        let ((layer, sibling), (other_layer, other_sibling)) = (place(from)?, place(into)?);
        let is_allowed = other_layer < layer || (other_layer == layer && other_sibling == sibling);
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        (!is_allowed).then(|| format!("{from} → {into} ({})", names.join(", ")))
    });
    arrows.collect()
}

/// The imports of each crate. Reading them takes a moment.
static IMPORTS: LazyLock<[Imports; CRATES.len()]> =
    LazyLock::new(|| CRATES.map(|(folder, roots)| Imports::of(&sources_of(folder), roots)));

fn crates() -> impl Iterator<Item = (&'static str, &'static Imports)> {
    let folders = CRATES.iter().map(|(folder, _)| *folder);
    folders.zip(IMPORTS.iter())
}

fn sources_of(folder: &str) -> Sources {
    sources(&root().join(folder))
}

fn assert_none(what: &str, found: &[String]) {
    assert!(
        found.is_empty(),
        "{} {what}:\n{}",
        found.len(),
        found.join("\n")
    );
}

#[test]
fn there_are_no_circles() {
    let mut found = Vec::new();
    for (folder, imports) in crates() {
        assert!(imports.arrows.len() > 5, "{folder}");
        found.extend(circles(imports).iter().map(|it| format!("{folder}: {it}")));
    }
    assert_none("circles", &found);
}

#[test]
fn imports_point_to_the_left() {
    let mut found = Vec::new();
    for (folder, layers) in LAYERS {
        let files = sources_of(folder);
        for (name, _) in places(layers) {
            let is_there = files.keys().any(|file| is_named(file, name));
            assert!(is_there, "{name} is not in {folder}");
        }
        let (crate_folder, imports) = crates().find(|(it, _)| folder.starts_with(it)).unwrap();
        let inside = format!("{folder}/").replacen(&format!("{crate_folder}/"), "", 1);
        let wrong = wrong_arrows(imports, &inside, layers);
        found.extend(wrong.iter().map(|it| format!("{crate_folder}: {it}")));
    }
    assert_none("imports that point the wrong way", &found);
}

#[test]
fn no_file_imports_through_the_facade_of_its_own_folder() {
    let mut found = Vec::new();
    for (folder, imports) in crates() {
        let through = imports.through_own_facade.iter();
        found.extend(through.map(|it| format!("{folder}: {it}")));
    }
    assert_none("imports through the facade of the own folder", &found);
}

#[test]
fn folders_hold_at_most_20_source_files() {
    let mut files = BTreeMap::<String, usize>::new();
    for (crate_folder, _) in CRATES {
        for file in sources_of(crate_folder).keys() {
            let path = format!("{crate_folder}/{file}");
            let (folder, _) = path.rsplit_once('/').unwrap();
            *files.entry(folder.to_owned()).or_default() += 1;
        }
    }
    files.retain(|_, files| *files > 20);
    assert!(files.is_empty(), "{files:?}");
}

/// A small crate: `exporter` over `delivery` and `config`, with a facade.
const FIXTURE: [(&str, &str); 6] = [
    (
        "lib.rs",
        "mod config; mod delivery; mod exporter; pub use config::Config;",
    ),
    (
        "config/mod.rs",
        "mod options; mod place; pub use options::{Config, Options};",
    ),
    (
        "config/options.rs",
        "use super::place::Place; pub struct Config(Place); pub struct Options;",
    ),
    ("config/place.rs", "pub struct Place;"),
    (
        "delivery.rs",
        "use crate::config::Options; pub fn deliver(_: Options) {} #[cfg(test)] use crate::exporter::X;",
    ),
    (
        "exporter.rs",
        "use crate::{config::{self}, delivery::*}; fn f() -> config::Config { deliver(x) }",
    ),
];
const FIXTURE_LAYERS: &str = "config < delivery < exporter";

/// The imports of the fixture, with this at the end of one file.
fn changed(file: &str, end: &str) -> Imports {
    let mut sources: Sources = FIXTURE
        .iter()
        .map(|(file, text)| ((*file).to_owned(), (*text).to_owned()))
        .collect();
    sources.get_mut(file).unwrap().push_str(end);
    Imports::of(&sources, &["lib.rs"])
}

#[test]
fn arrows_lead_to_the_file_that_defines_an_item() {
    let imports = changed("lib.rs", "");
    let arrows: Vec<_> = imports
        .arrows
        .keys()
        .map(|(from, to)| format!("{from} {to}"))
        .collect();
    assert_eq!(
        arrows,
        [
            "config/options.rs config/place.rs",
            "delivery.rs config/options.rs",
            "exporter.rs config/options.rs",
            "exporter.rs delivery.rs",
        ]
    );
    assert!(circles(&imports).is_empty());
    assert!(wrong_arrows(&imports, "", FIXTURE_LAYERS).is_empty());
    assert!(imports.through_own_facade.is_empty());
}

#[test]
fn an_arrow_that_is_turned_round_is_found() {
    for (file, import) in [
        ("config/place.rs", "use crate::delivery::deliver;"),
        (
            "config/place.rs",
            "use super::super::delivery::{deliver as d};",
        ),
        ("config/place.rs", "fn f() { crate::delivery::deliver(x); }"),
        (
            "config/place.rs",
            "fn f() { println!(\"{}\", crate::delivery::deliver(x)); }",
        ),
        (
            "config/place.rs",
            "fn f() { use crate::{delivery::{deliver}}; }",
        ),
        (
            "config/place.rs",
            "mod inline { use super::super::super::delivery::deliver; }",
        ),
    ] {
        let imports = changed(file, import);
        let expected = ["config/place.rs → delivery.rs (deliver)"];
        assert_eq!(
            wrong_arrows(&imports, "", FIXTURE_LAYERS),
            expected,
            "{import}"
        );
    }
    let siblings = wrong_arrows(&changed("lib.rs", ""), "", "config < delivery | exporter");
    assert_eq!(siblings.len(), 1, "{siblings:?}");
    let inside = wrong_arrows(&changed("lib.rs", ""), "config/", "options < place");
    assert_eq!(inside.len(), 1, "{inside:?}");
}

#[test]
fn a_circle_is_found_and_reported_once() {
    let of_two = circles(&changed("config/place.rs", "use super::options::Config;"));
    assert_eq!(
        of_two,
        [
            "config/options.rs → config/place.rs (Place), config/place.rs → config/options.rs (Config)"
        ]
    );
    let of_three = circles(&changed("config/options.rs", "use crate::exporter::f;"));
    assert!(!of_three.is_empty());
    let with_parent = circles(&changed(
        "config/mod.rs",
        "pub struct Door; mod door { use super::place::Place; }",
    ));
    assert!(with_parent.is_empty(), "{with_parent:?}");
    let imports = changed(
        "delivery.rs",
        "pub struct Exporter(crate::exporter::Exporter);",
    );
    assert!(circles(&imports).is_empty(), "nobody defines it");
}

#[test]
fn an_import_through_the_own_facade_is_found() {
    let found = changed("config/place.rs", "use super::Options;").through_own_facade;
    let expected = "config/place.rs: super::Options through config/mod.rs";
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [expected]);
    let found = changed("delivery.rs", "use crate::Config;").through_own_facade;
    assert_eq!(found.len(), 1, "{found:?}");
    let of_macro = changed("delivery.rs", "macro_rules! m { () => { $crate::Config } }");
    assert!(of_macro.through_own_facade.is_empty());
    let arrow = ("delivery.rs".to_owned(), "config/options.rs".to_owned());
    assert!(of_macro.arrows[&arrow].contains("Config"));
}
