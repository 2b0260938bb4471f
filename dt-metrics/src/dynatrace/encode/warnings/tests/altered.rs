use crate::dynatrace::encode::warnings::Altered;
#[test]
fn an_escape_is_no_alteration_but_another_character_is() {
    let long = "x".repeat(256);
    let cases = [
        ("k", "v", Altered::NOTHING),
        ("k", "", Altered::NOTHING),
        ("k", "\"\"", Altered::NOTHING),
        ("k", "a b,c=d\\e\"f", Altered::NOTHING),
        ("k", "\"a \\ \"b\"", Altered::NOTHING),
        ("k", "\"", Altered::NOTHING),
        ("k", "grün 🦀", Altered::NOTHING),
        ("k", "a\nb", Altered::DIMENSION_VALUE),
        ("k", &long[1..], Altered::NOTHING),
        ("k", &long, Altered::DIMENSION_VALUE),
        ("k", "\"a\u{200b}b\"", Altered::DIMENSION_VALUE),
        ("a.b-c:d_1", "v", Altered::NOTHING),
        ("K", "v", Altered::DIMENSION_KEY),
        ("k k", "v", Altered::DIMENSION_KEY),
        ("", "v", Altered::DIMENSION_KEY),
        (
            "K",
            "a\tb",
            Altered::DIMENSION_KEY | Altered::DIMENSION_VALUE,
        ),
    ];
    for (key, value, expected) in cases {
        assert_eq!(
            Altered::of_dimension(key, value),
            expected,
            "{key:?} {value:?}"
        );
    }
}

#[test]
fn each_reason_has_its_name() {
    let names = |altered: Altered| altered.reasons().map(|(_, name)| name).collect::<Vec<_>>();
    assert!(names(Altered::NOTHING).is_empty());
    assert_eq!(
        names(Altered::METRIC_KEY | Altered::ARRAY_ATTRIBUTE),
        ["metric_key", "array_attribute"]
    );
}
