//! Names that assertions get wrong.

use super::{distance, missing};
use crate::descriptor::Kind;

const NAMES: &[(&str, Kind)] = &[
    ("orders", Kind::Counter),
    ("orders.duration", Kind::Histogram),
    ("shop.checkout.handle.calls", Kind::Counter),
    ("queue.depth", Kind::Gauge),
    ("sessions", Kind::UpDownCounter),
];

#[test]
fn a_name_of_the_program_is_found_case_insensitively() {
    assert_eq!(missing(Kind::Counter, "orders", NAMES), None);
    assert_eq!(missing(Kind::Gauge, "Queue.Depth", NAMES), None);
}

#[test]
fn the_nearest_name_is_suggested() {
    for (name, nearest) in [
        ("ordrs", "the counter `orders`"),
        ("order.duration", "the histogram `orders.duration`"),
        ("handle.calls", "the counter `shop.checkout.handle.calls`"),
        ("prod.sessions", "the up-down counter `sessions`"),
        ("QUEUE_DEPTH", "the gauge `queue.depth`"),
    ] {
        let message = missing(Kind::Counter, name, NAMES).unwrap();
        let expected =
            format!("no instrument of this program is called `{name}`: did you mean {nearest}?");
        assert_eq!(message, expected);
    }
    assert_eq!(
        missing(Kind::Gauge, "", &[]).unwrap(),
        "no instrument of this program is called ``: it has no instruments at all"
    );
}

#[test]
fn another_kind_is_named_with_its_method() {
    assert_eq!(
        missing(Kind::Histogram, "Sessions", NAMES).unwrap(),
        "`Sessions` has the kind `up-down counter`, not `histogram`: write `.up_down_counter(\"Sessions\")`"
    );
    assert_eq!(
        missing(Kind::Counter, "queue.depth", NAMES).unwrap(),
        "`queue.depth` has the kind `gauge`, not `counter`: write `.gauge(\"queue.depth\")`"
    );
    let both = [("a", Kind::Gauge), ("a", Kind::Counter)];
    assert_eq!(missing(Kind::Counter, "a", &both), None);
}

#[test]
fn each_change_of_a_character_counts() {
    for (left, right, expected) in [
        ("abc", "abc", 0),
        ("abc", "abd", 1),
        ("abc", "ab", 1),
        ("", "abc", 3),
        ("kitten", "sitting", 3),
    ] {
        assert_eq!(distance(left, right), expected, "{left} {right}");
        assert_eq!(distance(right, left), expected, "{right} {left}");
    }
}
