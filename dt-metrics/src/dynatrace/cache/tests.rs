use opentelemetry::{Array, KeyValue, Value};

use super::{Keys, Sets, text};

fn get<'a>(sets: &'a mut Sets, attributes: &[KeyValue]) -> &'a super::Set {
    let attributes: Vec<_> = attributes.iter().collect();
    sets.get(&attributes)
}

fn serialised(sets: &mut Sets, attributes: &[KeyValue]) -> String {
    get(sets, attributes)
        .dimensions
        .as_ref()
        .expect("few")
        .as_str()
        .to_owned()
}

#[test]
fn an_entry_stays_while_it_is_used_and_one_cycle_longer() {
    let mut sets = Sets::new(Vec::new());
    let (a, b) = ([KeyValue::new("k", "a")], [KeyValue::new("k", "b")]);
    get(&mut sets, &a);
    get(&mut sets, &b);
    get(&mut sets, &a);
    sets.end_cycle();
    assert_eq!(sets.len(), 2);
    get(&mut sets, &a);
    sets.end_cycle();
    assert_eq!(sets.len(), 2);
    get(&mut sets, &a);
    sets.end_cycle();
    assert_eq!(sets.len(), 1);
}

#[test]
fn a_set_that_repeats_is_serialised_once() {
    let mut sets = Sets::new(Vec::new());
    let attributes = [KeyValue::new("k", "a")];
    let first = get(&mut sets, &attributes)
        .dimensions
        .as_ref()
        .expect("few")
        .as_str()
        .as_ptr();
    for _ in 0..5 {
        sets.end_cycle();
        let again = get(&mut sets, &attributes)
            .dimensions
            .as_ref()
            .expect("few")
            .as_str();
        assert_eq!(again.as_ptr(), first);
    }
}

#[test]
fn services_do_not_mix() {
    let mut sets = Sets::new(vec![("env".into(), "prod".into())]);
    let attributes = [KeyValue::new("k", "a")];
    for (service, expected) in [(Some("shop"), true), (None, false), (Some("shop"), true)] {
        sets.begin_cycle(service);
        let text = serialised(&mut sets, &attributes);
        assert_eq!(text.contains("service.name=shop"), expected, "{text}");
        assert!(text.contains("env=prod"), "{text}");
    }
    assert_eq!(sets.len(), 2);
}

#[test]
fn what_is_measured_wins_over_what_is_given_and_that_over_what_is_found() {
    let given = [
        ("dt.metrics.source", "mine"),
        ("service.name", "given"),
        ("env", "prod"),
    ];
    let mut sets = Sets::new(
        given
            .map(|(key, value)| (key.into(), value.into()))
            .to_vec(),
    );
    sets.begin_cycle(Some("found"));
    let text = serialised(&mut sets, &[KeyValue::new("env", "test")]);
    for expected in ["dt.metrics.source=mine", "service.name=given", "env=test"] {
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
    assert_eq!(text.matches('=').count(), 3, "{text}");
}

#[test]
fn a_key_is_made_once_and_forgotten_when_idle() {
    let mut keys = Keys::new(Some("shop".into()));
    assert_eq!(
        keys.get("orders").map(|key| key.as_str().to_owned()),
        Some("shop.orders".into())
    );
    let first = keys.get("orders").map(|key| key.as_str().as_ptr());
    keys.end_cycle();
    assert_eq!(keys.get("orders").map(|key| key.as_str().as_ptr()), first);
    keys.end_cycle();
    keys.end_cycle();
    keys.end_cycle();
    assert!(keys.by_name.is_empty());
}

#[test]
fn single_values_are_text_and_arrays_are_nothing() {
    let cases = [
        (Value::from("x"), Some("x")),
        (true.into(), Some("true")),
        (false.into(), Some("false")),
        ((-7_i64).into(), Some("-7")),
        (1.0.into(), Some("1")),
        (0.1.into(), Some("0.1")),
        (1e300.into(), Some("1e300")),
        (Value::Array(Array::I64(vec![1, 2])), None),
    ];
    for (value, expected) in cases {
        assert_eq!(text(&value).as_deref(), expected, "{value:?}");
    }
    let mut sets = Sets::new(Vec::new());
    assert!(
        get(
            &mut sets,
            &[KeyValue::new("k", Value::Array(Array::Bool(vec![true])))]
        )
        .lost_an_attribute
    );
    assert!(!get(&mut sets, &[KeyValue::new("k", true)]).lost_an_attribute);
}
