use foldhash::fast::RandomState;
use opentelemetry::{Array, KeyValue, Value};
use proptest::prelude::*;

use crate::dynatrace::encode::lines::fingerprint::{Fingerprint, hash, same, text};

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
}

#[test]
fn lists_that_differ_have_fingerprints_that_differ() {
    let one = |key: &'static str, value: Value| vec![KeyValue::new(key, value)];
    let lists = [
        vec![],
        one("k", "v".into()),
        one("kv", "".into()),
        one("", "kv".into()),
        one("k", "w".into()),
        one("k", "v ".into()),
        one("k", true.into()),
        one("k", 1_i64.into()),
        one("k", 1.0.into()),
        one("k", 0.0.into()),
        one("k", (-0.0).into()),
        one("k", f64::NAN.into()),
        one("k", Value::Array(Array::I64(vec![]))),
        [one("k", "v".into()), one("l", "w".into())].concat(),
        [one("l", "w".into()), one("k", "v".into())].concat(),
        [
            one("k", "v".into()),
            one("k", "w".into()),
            one("l", "w".into()),
        ]
        .concat(),
    ];
    let hasher = RandomState::default();
    let lists = lists.each_ref().map(|list| list.iter().collect::<Vec<_>>());
    for (i, a) in lists.iter().enumerate() {
        let fingerprint = Fingerprint::new(a);
        for (j, b) in lists.iter().enumerate() {
            assert_eq!(fingerprint.is_of(b), i == j, "{a:?} {b:?}");
            let is_reversed = a.iter().eq(b.iter().rev());
            let same = i == j || a.len() == 2 && is_reversed;
            let same_hash = hash(&hasher, 0, a) == hash(&hasher, 0, b);
            assert_eq!(same_hash, same, "{a:?} {b:?}");
            // If two attributes have the same key, the order decides which one counts.
            let is_of = fingerprint.is_of_in_any_order(b);
            assert_eq!(is_of, same && a.len() < 3, "{a:?} {b:?}");
        }
        let elsewhere = hash(&hasher, 1, a);
        assert_ne!(hash(&hasher, 0, a), elsewhere);
    }
}

proptest! {
    #[test]
    fn texts_are_the_same_only_if_they_are_equal(
        a in prop::collection::vec(0_u8..2, 0..40),
        place: prop::sample::Index,
    ) {
        prop_assert!(same(&a, &a.clone()));
        if !a.is_empty() {
            let mut b = a.clone();
            b[place.index(a.len())] ^= 1;
            prop_assert!(!same(&a, &b));
        }
    }
}
