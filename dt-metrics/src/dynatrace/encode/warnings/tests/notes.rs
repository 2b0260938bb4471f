use crate::descriptor::{Descriptor, Kind, Registration};
use crate::dynatrace::encode::warnings::{MAX_NAMED, Named, Notes, QUIET, Subject};
use std::time::{Duration, Instant};

static ORDERS: Descriptor = Descriptor::new(Kind::Counter, "notes.orders", "shop", "src/a.rs", 7);
static ALSO: Descriptor = Descriptor::new(Kind::Counter, "Notes.Orders", "shop", "src/b.rs", 9);

inventory::submit! { Registration::Several(&[&ORDERS, &ALSO]) }

fn warned(named: &mut Named, now: Instant, reason: &'static str, name: &str) -> Option<String> {
    let mut notes = Notes::default();
    let subject = Subject {
        name,
        annotated: name.starts_with("notes."),
    };
    named.warn(&mut notes, now, reason, subject, || "why".into());
    notes.warnings.pop()
}

#[test]
fn the_first_of_a_kind_is_said_and_the_first_after_a_long_time() {
    let mut named = Named::default();
    let start = Instant::now();
    let half = QUIET / 2;
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
        (half * 3 + QUIET, "a", "m", true),
    ] {
        let warning = warned(&mut named, start + after, reason, name);
        assert_eq!(warning.is_some(), said, "{after:?} {reason} {name}");
    }
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut named = Named::default();
    let start = Instant::now();
    let said = (0..2 * MAX_NAMED)
        .filter(|index| warned(&mut named, start, "a", &format!("m{index}")).is_some())
        .count();
    assert_eq!(said, MAX_NAMED);
    assert!(warned(&mut named, start, "b", "m").is_some());
    assert!(warned(&mut named, start + QUIET, "a", "late").is_some());
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
        let warning = warned(&mut Named::default(), Instant::now(), "a", name);
        assert_eq!(warning.as_deref(), Some(expected));
    }
}
