//! Normalised keys. Most cases are vectors of the reference client; here are further cases.

use std::borrow::Cow;

use crate::line::{MetricKey, check_metric_key, normalize_dimension_key};

#[test]
fn metric_keys() {
    let cases = [
        ("a.b-c_1", Some("a.b-c_1")),
        ("", None),
        (".a", None),
        ("...", None),
        ("a...", Some("a")),
        ("a....b", Some("a.b")),
        ("-", Some("_")),
        ("--", Some("_-")),
        ("1.1", Some("_.1")),
        ("a.-b", Some("a._b")),
        ("a.??b", Some("a._b")),
        ("a?.?b", Some("a_._b")),
        ("a?_?b", Some("a___b")),
        ("a\n,=b", Some("a_b")),
        ("\u{212a}", Some("_")),
    ];
    for (key, expected) in cases {
        let got = MetricKey::new(key);
        assert_eq!(got.as_ref().map(MetricKey::as_str), expected, "{key:?}");
    }
}

#[test]
fn a_key_is_cut_where_its_characters_end() {
    let x254 = "x".repeat(254);
    let cases = [
        (format!("{x254}yz"), format!("{x254}y")),
        // The cut makes the dot the last character, or the one that would be cut off.
        (format!("{x254}.z"), x254.clone()),
        (format!("{x254}y.z"), format!("{x254}y")),
        // A pair of surrogates is not halved: as any invalid character, it becomes `_`.
        (format!("{x254}😀"), format!("{x254}_")),
        (
            format!("{}😀y", "x".repeat(253)),
            format!("{}_", "x".repeat(253)),
        ),
        // The limit counts the characters that are read.
        (format!("{}y", "?".repeat(255)), "_".to_owned()),
        (format!("x{}y", ".".repeat(254)), "x".to_owned()),
    ];
    for (key, expected) in cases {
        let got = MetricKey::new(&key).expect("a key");
        assert_eq!(got.as_str(), expected);
        assert_eq!(check_metric_key(got.as_str()), Ok(()));
    }
}

#[test]
fn prefixes() {
    let cases = [
        ("", "a", Some("a")),
        ("p", "a", Some("p.a")),
        ("p.", "a", Some("p.a")),
        ("p", ".a", Some("p.a")),
        ("p.", ".a.", Some("p.a")),
        ("p q", "a", Some("p_q.a")),
        ("1p", "1a", Some("_p.1a")),
        ("p", "dt.a", Some("p.dt.a")),
        ("p", "...", Some("p")),
        ("p", "", None),
        ("", "", None),
        (".p", "a", None),
        ("", ".a", None),
    ];
    for (prefix, key, expected) in cases {
        let got = MetricKey::with_prefix(prefix, key);
        assert_eq!(
            got.as_ref().map(MetricKey::as_str),
            expected,
            "{prefix:?} {key:?}"
        );
    }
    let long = MetricKey::with_prefix(&"p".repeat(254), "a").expect("a key");
    assert_eq!(long.as_str(), "p".repeat(254));
}

#[test]
fn dimension_keys() {
    let cases = [
        ("", None),
        (".", None),
        ("..a..b..", Some("a.b")),
        ("HTTP.Route", Some("http.route")),
        ("a.1", Some("a._")),
        ("a.12", Some("a._2")),
        ("a b  c", Some("a_b_c")),
        ("-:a", Some("_:a")),
        // The two characters whose lower case is an ASCII letter.
        ("\u{212a}\u{130}", Some("ki")),
        ("\u{212b}", Some("_")),
    ];
    for (key, expected) in cases {
        assert_eq!(normalize_dimension_key(key).as_deref(), expected, "{key:?}");
    }
    let long = "x".repeat(99);
    assert_eq!(
        normalize_dimension_key(&format!("{long}.y")).as_deref(),
        Some(&*long)
    );
}

#[test]
fn a_valid_dimension_key_is_borrowed() {
    assert!(matches!(
        normalize_dimension_key("http.route"),
        Some(Cow::Borrowed("http.route"))
    ));
}
