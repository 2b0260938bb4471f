use std::time::Duration;

use tokio::time::Instant;

use crate::descriptor::{Descriptor, Kind, Registration};
use crate::dynatrace::encode::warnings::{Alterations, Diagnostics, MAX_METRICS, SILENCE, Subject};

static ORDERS: Descriptor = Descriptor::new(Kind::Counter, "notes.orders", "shop", "src/a.rs", 7);
static ALSO: Descriptor = Descriptor::new(Kind::Counter, "Notes.Orders", "shop", "src/b.rs", 9);

inventory::submit! { Registration(&ORDERS) }
inventory::submit! { Registration(&ALSO) }

fn warned(
    diagnostics: &mut Diagnostics,
    now: Instant,
    reason: &'static str,
    name: &str,
) -> Option<String> {
    let subject = Subject {
        name,
        is_annotated: name.starts_with("notes."),
    };
    diagnostics.begin(now);
    diagnostics.warn(subject, reason, || "why".into());
    diagnostics.finish().warnings.pop()
}

#[test]
fn the_first_of_a_kind_is_logged_and_the_first_after_a_long_time() {
    let mut diagnostics = Diagnostics::new();
    let start = Instant::now();
    let half = SILENCE / 2;
    for (after, reason, name, said) in [
        (Duration::ZERO, "a", "m", true),
        (Duration::ZERO, "a", "m", false),
        (Duration::ZERO, "b", "m", true),
        (Duration::ZERO, "a", "n", true),
        // It never stopped for so long.
        (half, "a", "m", false),
        (half * 2, "a", "m", false),
        (half * 3, "a", "m", false),
        (half * 3, "b", "m", true),
        (half * 3 + SILENCE, "a", "m", true),
    ] {
        let warning = warned(&mut diagnostics, start + after, reason, name);
        assert_eq!(warning.is_some(), said, "{after:?} {reason} {name}");
    }
}

#[test]
fn the_memory_of_warnings_is_bounded() {
    let mut diagnostics = Diagnostics::new();
    let start = Instant::now();
    let said = (0..2 * MAX_METRICS)
        .filter(|index| warned(&mut diagnostics, start, "a", &format!("m{index}")).is_some())
        .count();
    assert_eq!(said, MAX_METRICS);
    assert!(warned(&mut diagnostics, start, "b", "m").is_some());
    assert!(warned(&mut diagnostics, start + SILENCE, "a", "late").is_some());
}

#[test]
fn an_annotated_metric_is_named_with_its_places() {
    for (name, expected) in [
        ("other", "metric \"other\": why"),
        ("notes.other", "metric \"notes.other\": why"),
        (
            "notes.orders",
            "metric \"notes.orders\" at src/b.rs:9, src/a.rs:7: why",
        ),
    ] {
        let warning = warned(&mut Diagnostics::new(), Instant::now(), "a", name);
        assert_eq!(warning.as_deref(), Some(expected));
    }
}

#[test]
fn an_escape_is_not_an_alteration_but_another_character_is() {
    let long = "x".repeat(256);
    let cases = [
        ("k", "v", Alterations::NONE),
        ("k", "", Alterations::NONE),
        ("k", "\"\"", Alterations::NONE),
        ("k", "a b,c=d\\e\"f", Alterations::NONE),
        ("k", "\"a \\ \"b\"", Alterations::NONE),
        ("k", "\"", Alterations::NONE),
        ("k", "grün 🦀", Alterations::NONE),
        ("k", "a\nb", Alterations::DIMENSION_VALUE),
        ("k", &long[1..], Alterations::NONE),
        ("k", &long, Alterations::DIMENSION_VALUE),
        ("k", "\"a\u{200b}b\"", Alterations::DIMENSION_VALUE),
        ("a.b-c:d_1", "v", Alterations::NONE),
        ("K", "v", Alterations::DIMENSION_KEY),
        ("k k", "v", Alterations::DIMENSION_KEY),
        ("", "v", Alterations::DIMENSION_KEY),
        (
            "K",
            "a\tb",
            Alterations::DIMENSION_KEY | Alterations::DIMENSION_VALUE,
        ),
    ];
    for (key, value, expected) in cases {
        assert_eq!(
            Alterations::of_dimension(key, value),
            expected,
            "{key:?} {value:?}"
        );
    }
}

#[test]
fn each_reason_has_its_name() {
    let names = |altered: Alterations| altered.reasons().map(|(_, name)| name).collect::<Vec<_>>();
    assert!(names(Alterations::NONE).is_empty());
    assert_eq!(
        names(Alterations::METRIC_KEY | Alterations::ARRAY_ATTRIBUTE),
        ["metric_key", "array_attribute"]
    );
}
