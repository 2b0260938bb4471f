use proptest::prelude::*;

use crate::properties::parse;

#[test]
fn entries_are_read_as_java_reads_them() {
    let cases: [(&str, &[(&str, &str)]); 18] = [
        ("", &[]),
        ("a=b", &[("a", "b")]),
        (
            "a = b \r\nc:d\re f\n",
            &[("a", "b "), ("c", "d"), ("e", "f")],
        ),
        ("  # a=b\n! c=d\n\n \t\n  e=f", &[("e", "f")]),
        ("a==b", &[("a", "=b")]),
        ("a:=b", &[("a", "=b")]),
        ("a = : b", &[("a", ": b")]),
        ("a=b=c", &[("a", "b=c")]),
        ("a=b # c", &[("a", "b # c")]),
        ("a=", &[("a", "")]),
        ("=b", &[("", "b")]),
        (r"a\ b\=c\:d=e\\f", &[("a b=c:d", r"e\f")]),
        ("a=b\\\n   c\\\r\n  d", &[("a", "bcd")]),
        (r"a=\t\n\r\f\q", &[("a", "\t\n\r\u{c}q")]),
        (r"a=\u00e4\u0041b", &[("a", "äAb")]),
        (r"a=\ud83e\udd80", &[("a", "🦀")]),
        ("a=ä🦀", &[("a", "ä🦀")]),
        ("a=b\\", &[("a", "b")]),
    ];
    for (text, expected) in cases {
        let (entries, malformed) = parse(text);
        let entries: Vec<_> = entries
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        assert_eq!((&*entries, malformed), (expected, 0), "{text:?}");
    }
}

#[test]
fn a_broken_line_costs_no_other() {
    for broken in [
        "alone",
        r"a=\u12",
        r"a=\uzzzz",
        r"a\u1=b",
        r"a=\ud83e",
        r"a=\ud83e\u0041",
        r"a=\udd80",
        "a=\u{fffd}",
    ] {
        let (entries, malformed) = parse(&format!("x=1\n{broken}\ny=2\n"));
        let keys: Vec<_> = entries.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!((keys, malformed), (vec!["x", "y"], 1), "{broken}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read(text in "[a-z \\t\\r\\n#!=:\\\\u0-9]{0,60}|\\PC{0,40}") {
        let (entries, malformed) = parse(&text);
        prop_assert!(entries.len() + malformed <= text.chars().count());
    }
}
