use crate::dynatrace::encode::lines::metric_cache::Keys;
fn key(keys: &mut Keys, name: &str) -> Option<(String, bool)> {
    let entry = keys.get(name);
    let altered = entry.altered;
    entry
        .key
        .as_ref()
        .map(|key| (key.as_str().to_owned(), altered))
}

#[test]
fn a_key_is_made_once_and_forgotten_when_idle() {
    let mut keys = Keys::new(Some("shop".into()));
    let place = |keys: &mut Keys| {
        keys.get("orders")
            .key
            .as_ref()
            .map(|key| key.as_str().as_ptr())
    };
    let first = place(&mut keys);
    keys.end_cycle();
    assert_eq!(place(&mut keys), first);
    keys.end_cycle();
    keys.end_cycle();
    keys.end_cycle();
    assert!(keys.by_name.is_empty());
}

#[test]
fn a_key_that_is_not_its_name_is_known_for_it() {
    let long = "x".repeat(255);
    let cases = [
        (None, "orders", Some(("orders", false))),
        (None, "orders placed", Some(("orders_placed", true))),
        (None, "a..b", Some(("a.b", true))),
        (None, &long, Some((long.as_str(), false))),
        (None, ".orders", None),
        (Some("shop"), "orders", Some(("shop.orders", false))),
        (Some("shop"), "1 order", Some(("shop.1_order", true))),
    ];
    for (prefix, name, expected) in cases {
        let mut keys = Keys::new(prefix.map(Into::into));
        let expected = expected.map(|(key, altered)| (key.to_owned(), altered));
        assert_eq!(key(&mut keys, name), expected, "{name}");
    }
    let mut keys = Keys::new(Some("shop".into()));
    assert_eq!(
        key(&mut keys, &long).map(|(_, altered)| altered),
        Some(true)
    );
}

#[test]
fn units_are_sent_in_ucum_or_not_at_all() {
    let mut keys = Keys::default();
    let cases = [
        ("milliseconds", Some("ms")),
        ("ms", Some("ms")),
        ("", Some("")),
        ("per second", None),
        ("milliseconds", Some("ms")),
    ];
    for (unit, expected) in cases {
        assert_eq!(keys.get("m").unit(unit).sent, expected, "{unit}");
    }
}

#[test]
fn reserved_keys_are_none() {
    let key_of = |prefix: Option<&str>, name| {
        let mut keys = Keys::new(prefix.map(Into::into));
        keys.get(name).key.as_ref().map(ToString::to_string)
    };
    assert_eq!(key_of(None, "dt.cpu"), None);
    assert_eq!(key_of(None, "dtx.cpu").as_deref(), Some("dtx.cpu"));
    assert_eq!(key_of(None, "dt").as_deref(), Some("dt"));
    assert_eq!(
        key_of(Some("shop"), "dt.cpu").as_deref(),
        Some("shop.dt.cpu")
    );
}
