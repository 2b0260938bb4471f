use super::{Names, catalog};
use crate::descriptor::{Descriptor, Kind, Registration};
use crate::instrument::{Counter, Histogram};

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
        (definition.name.as_str(), definition.first.line),
        ("orders", 1)
    );
    assert_eq!(
        (definition.unit, definition.description),
        ("s", "All orders.")
    );
    assert!(names.admit(&PLAIN).is_ok());
    assert!(names.admit(&OTHER).is_ok());
    let conflict = names.admit(&MILLIS).unwrap_err();
    assert_eq!((conflict.first.line, conflict.second.line), (2, 3));
    assert_eq!(
        conflict.to_string(),
        "the metric `orders` is a counter in `s` at src/shop.rs:2, but a counter in `ms` at \
         src/shop.rs:3; give one of them another name"
    );
}

#[test]
fn kinds_must_agree_whatever_the_case_of_the_name() {
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

static CALLS: Counter = Counter::new(descriptor(Kind::Counter, "registry.calls", "", 6), &[]);
static DURATION: Histogram =
    Histogram::new(descriptor(Kind::Counter, "registry.duration", "s", 6), &[]);

inventory::submit! { Registration::Several(&[CALLS.descriptor(), DURATION.descriptor()]) }

#[test]
fn one_entry_can_list_several_instruments_each_of_its_own_kind() {
    let listed: Vec<_> = catalog()
        .into_iter()
        .filter(|descriptor| descriptor.name.starts_with("registry."))
        .map(|descriptor| (descriptor.name, descriptor.kind))
        .collect();
    let expected = [
        ("registry.calls", Kind::Counter),
        ("registry.duration", Kind::Histogram),
    ];
    assert_eq!(listed, expected);
}
