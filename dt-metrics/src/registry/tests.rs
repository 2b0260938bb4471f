//! The catalogue and its conflicts.

use super::catalog::catalog;
use super::conflict::Names;
use super::{json, markdown};
use std::time::Duration;

use crate::descriptor::{Descriptor, Kind, Objective, Registration};
use crate::instrument::expanded::{Counter, Histogram, UpDownCounter};

const fn descriptor(kind: Kind, name: &'static str, unit: &'static str, line: u32) -> Descriptor {
    Descriptor::new(kind, name, "shop", "src/shop.rs", line).with_unit(unit)
}

static PLAIN: Descriptor = descriptor(Kind::Counter, "orders", "", 1);
static SECONDS: Descriptor =
    descriptor(Kind::Counter, "Orders", "s", 2).with_description("All orders.");
static MILLIS: Descriptor = descriptor(Kind::Counter, "orders", "ms", 3);
static GAUGE: Descriptor = descriptor(Kind::Gauge, "ORDERS", "s", 4);
static OTHER: Descriptor = descriptor(Kind::Gauge, "orders.open", "", 5);

#[test]
fn an_absent_unit_agrees_with_any_but_two_units_do_not() {
    let mut names = Names::default();
    assert!(names.admit(&PLAIN).is_ok());
    assert!(names.admit(&SECONDS).is_ok());
    let definition = names.definition(&PLAIN).unwrap();
    assert_eq!(
        (definition.first.name, definition.first.line),
        ("orders", 1)
    );
    assert_eq!(
        (definition.unit(), definition.description()),
        ("s", "All orders.")
    );
    assert!(names.admit(&PLAIN).is_ok());
    assert!(names.admit(&OTHER).is_ok());
    let conflict = names.admit(&MILLIS).unwrap_err();
    assert_eq!((conflict.first.line, conflict.second.line), (2, 3));
    assert_eq!(
        conflict.to_string(),
        "the metric `orders` is a counter in `s` at src/shop.rs:2, but a counter in `ms` at \
         src/shop.rs:3; rename one of them"
    );
}

#[test]
fn kinds_must_agree_for_any_case_of_the_name() {
    let mut names = Names::default();
    assert!(names.admit(&PLAIN).is_ok());
    let conflict = names.admit(&GAUGE).unwrap_err();
    assert_eq!((conflict.first.line, conflict.second.line), (1, 4));
}

#[test]
fn the_first_stays() {
    let mut names = Names::default();
    assert!(names.admit(&MILLIS).is_ok());
    assert!(names.admit(&SECONDS).is_err());
    assert!(names.admit(&MILLIS).is_ok());
}

const fn success(name: &'static str, ratio: f64, line: u32) -> Descriptor {
    descriptor(Kind::Counter, name, "", line).with_objective(Objective::Success { ratio })
}

static TWO_NINES: Descriptor = success("orders", 0.99, 7);
static TWO_NINES_AGAIN: Descriptor = success("orders", 0.99, 8);
static THREE_NINES: Descriptor = success("Orders", 0.999, 9);
static OBJECTIVE_OF_GAUGE: Descriptor =
    descriptor(Kind::Gauge, "orders", "", 10).with_objective(Objective::Success { ratio: 0.9 });
static FAST: Descriptor =
    descriptor(Kind::Counter, "orders", "s", 11).with_objective(Objective::Latency {
        threshold: Duration::from_secs(1),
        percentile: 0.99,
    });

#[test]
fn objectives_must_agree_but_both_instruments_are_admitted() {
    let mut names = Names::default();
    assert!(names.admit(&PLAIN).unwrap().is_none());
    assert!(names.admit(&TWO_NINES).unwrap().is_none());
    assert!(names.admit(&TWO_NINES_AGAIN).unwrap().is_none());
    // An absent objective agrees with any.
    assert!(names.admit(&SECONDS).unwrap().is_none());
    let conflict = names.admit(&THREE_NINES).unwrap().unwrap();
    assert_eq!((conflict.first.line, conflict.second.line), (7, 9));
    assert_eq!(
        conflict.to_string(),
        "the metric `Orders` has the objective \"at least 99% of calls have the outcome `ok`\" at \
         src/shop.rs:7, but \"at least 99.9% of calls have the outcome `ok`\" at src/shop.rs:9; write the \
         same objective in both places, or rename one of them"
    );
    // Another objective altogether, and one that has a unit.
    let conflict = names.admit(&FAST).unwrap().unwrap();
    assert!(
        conflict
            .to_string()
            .contains("but \"at least 99% of calls take at most 1s\" at"),
        "{conflict}"
    );
    // A kind or a unit that differs is the conflict, regardless of the objective.
    let conflict = names.admit(&OBJECTIVE_OF_GAUGE).unwrap_err();
    assert!(
        conflict.to_string().contains("but a gauge without unit"),
        "{conflict}"
    );
    assert!(names.admit(&MILLIS).is_err());
}

#[test]
fn the_catalogue_names_objectives_that_differ() {
    let page = markdown::markdown(&[&TWO_NINES, &THREE_NINES, &PLAIN]);
    assert!(
        page.ends_with(
            "\nObjectives that differ under the same name:\n\n\
             - `Orders`: at least 99% of calls have the outcome `ok` at `src/shop.rs:7`, but at least 99.9% of \
             calls have the outcome `ok` at `src/shop.rs:9`\n"
        ),
        "{page}"
    );
    assert!(!page.contains("Not exported"), "{page}");
    let json = json::json(&[&TWO_NINES, &THREE_NINES, &PLAIN]);
    let found: Vec<_> = json
        .lines()
        .filter_map(|line| line.split_once("\"conflict\":"))
        .map(|(_, conflict)| conflict.starts_with("\"the metric `Orders` has the objective"))
        .collect();
    assert_eq!(found, [false, true, false], "{json}");
}

static SEVERAL: (Counter, Histogram, UpDownCounter) = (
    Counter::new(
        descriptor(Kind::Counter, "registry.several.calls", "", 6),
        &[],
    ),
    Histogram::new(
        descriptor(Kind::Counter, "registry.several.duration", "s", 6),
        &[],
    ),
    UpDownCounter::new(
        descriptor(Kind::Counter, "registry.several.in_flight", "", 6),
        &[],
    ),
);

inventory::submit! { Registration(&SEVERAL) }

#[test]
fn one_entry_can_list_several_instruments_each_of_its_own_kind() {
    let listed: Vec<_> = catalog()
        .into_iter()
        .filter(|descriptor| descriptor.name.starts_with("registry.several."))
        .map(|descriptor| (descriptor.name, descriptor.kind))
        .collect();
    let expected = [
        ("registry.several.calls", Kind::Counter),
        ("registry.several.duration", Kind::Histogram),
        ("registry.several.in_flight", Kind::UpDownCounter),
    ];
    assert_eq!(listed, expected);
}

static AWKWARD: Descriptor =
    Descriptor::new(Kind::UpDownCounter, "open", "shop::a", r"C:\shop\a|b.rs", 7)
        .with_unit("%")
        .with_description("A | *b* `c` <d>{$}\n\te_f \"g\" \\ \u{1}h\u{2028}")
        .with_dimension_keys(&["a", "b|`c"]);

#[test]
fn markdown_shows_texts_as_they_are() {
    assert_eq!(
        markdown::markdown(&[&AWKWARD]),
        r#"| Name | Kind | Unit | Dimensions | Description | Place |
| --- | --- | --- | --- | --- | --- |
| `open` | up-down counter | `%` | `a`, `` b\|`c `` | A \| \*b\* \`c\` \<d\>\{\$\} e\_f "g" \\ h | `C:/shop/a\|b.rs:7` |
"#
    );
}

#[test]
fn markdown_names_files_of_dependencies_from_their_package_on() {
    const FILES: [(&str, &str); 4] = [
        ("src/lib.rs", "src/lib.rs"),
        (
            "/home/me/.cargo/registry/src/index-1f2e/shop-1.2.3/src/lib.rs",
            "shop-1.2.3/src/lib.rs",
        ),
        (
            r"C:\me\.cargo\registry\src\index-1f2e\shop-1.2.3\src\lib.rs",
            "shop-1.2.3/src/lib.rs",
        ),
        (
            "/home/me/.cargo/git/checkouts/shop-1f2e/3d4c/src/lib.rs",
            "shop-1f2e/3d4c/src/lib.rs",
        ),
    ];
    for (file, shown) in FILES {
        let descriptor = Box::leak(Box::new(Descriptor::new(Kind::Counter, "x", "x", file, 1)));
        let page = markdown::markdown(&[descriptor]);
        let row = format!("| `x` | counter |  |  |  | `{shown}:1` |");
        assert_eq!(page.lines().nth(2), Some(&*row));
    }
}

#[test]
fn markdown_names_conflicts() {
    let page = markdown::markdown(&[&SECONDS, &GAUGE, &OTHER]);
    assert_eq!(
        page.lines().skip(2).collect::<Vec<_>>(),
        [
            "| `Orders` | counter | `s` |  | All orders. | `src/shop.rs:2` |",
            "| `ORDERS` | gauge | `s` |  |  | `src/shop.rs:4` |",
            "| `orders.open` | gauge |  |  |  | `src/shop.rs:5` |",
            "",
            "Not exported, since another metric has the same name with a different kind or unit:",
            "",
            "- `ORDERS` at `src/shop.rs:4` is a gauge in `s`, \
             but `Orders` at `src/shop.rs:2` is a counter in `s`",
        ]
    );
}

#[test]
fn json_is_escaped() {
    assert_eq!(json::json(&[]), "[]\n");
    assert_eq!(
        json::json(&[&AWKWARD, &OTHER]),
        r#"[
{"name":"open","kind":"up_down_counter","unit":"%","description":"A | *b* `c` \u003cd>{$}\n\u0009e_f \"g\" \\ \u0001h\u2028","dimension_keys":["a","b|`c"],"objective":null,"module_path":"shop::a","file":"C:\\shop\\a|b.rs","line":7,"conflict":null},
{"name":"orders.open","kind":"gauge","unit":"","description":"","dimension_keys":[],"objective":null,"module_path":"shop","file":"src/shop.rs","line":5,"conflict":null}
]
"#
    );
}

#[test]
fn json_names_conflicts() {
    let json = json::json(&[&PLAIN, &GAUGE]);
    let conflicts: Vec<_> = json
        .lines()
        .filter_map(|line| line.split_once("\"conflict\":"))
        .map(|(_, conflict)| conflict)
        .collect();
    assert_eq!(conflicts[0], "null},");
    assert!(
        conflicts[1].starts_with("\"the metric `ORDERS` is a counter"),
        "{json}"
    );
}

#[test]
#[cfg(feature = "dynatrace")]
fn any_text_survives_json() {
    use proptest::prelude::*;

    proptest!(|(text in any::<String>())| {
        let leaked: &'static str = text.clone().leak();
        let descriptor = Descriptor::new(Kind::Counter, "x", "x", leaked, 1).with_description(leaked);
        let json = json::json(&[Box::leak(Box::new(descriptor))]);
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(read[0]["description"].as_str(), Some(&*text));
        prop_assert_eq!(read[0]["file"].as_str(), Some(&*text));
    });
}

/// An instrument that the linker did not collect is listed from its first use on.
#[test]
fn first_use_registers() {
    const NAME: &str = "registry.ungathered";
    static COUNTER: Counter = Counter::new(descriptor(Kind::Counter, NAME, "", 6), &[]);
    let listed = || {
        let all = catalog();
        all.iter().filter(|d| d.name == NAME).count()
    };
    assert_eq!(listed(), 0);
    COUNTER.add(1);
    COUNTER.add(1);
    assert_eq!(listed(), 1);
}
