//! Normalised values of dimensions.

use std::borrow::Cow;

use unicode_general_category::{GeneralCategory, get_general_category};

use crate::line::normalize_dimension_value;

fn normalized(value: &str) -> Option<String> {
    normalize_dimension_value(value).map(Cow::into_owned)
}

#[test]
fn values() {
    let cases = [
        ("", None),
        ("\"\"", None),
        ("a", Some("a")),
        ("a b", Some(r"a\ b")),
        ("a,b=c", Some(r"a\,b\=c")),
        (r"a\", Some(r"a\\")),
        // A lone quote is not a quoted value: the reference client would send it bare.
        ("\"", Some(r#"\""#)),
        ("\"\"\"", Some(r#""\"""#)),
        (r#""abc\""#, Some(r#""abc\\""#)),
        (r#"a""#, Some(r#"a\""#)),
        (r#""a"#, Some(r#"\"a"#)),
        (r#""a,b = c""#, Some(r#""a,b = c""#)),
        ("a\r\nb", Some("a_b")),
        ("\"a\r\nb\"", Some("\"a_b\"")),
        ("a_\n_b", Some("a___b")),
        ("\n \n", Some(r"_\ _")),
        ("\u{7f}", Some("_")),
    ];
    for (value, expected) in cases {
        assert_eq!(normalized(value).as_deref(), expected, "{value:?}");
    }
}

#[test]
fn characters_that_cannot_be_sent() {
    let replaced = [
        '\u{85}',
        '\u{ad}',
        '\u{200b}',
        '\u{2028}',
        '\u{2029}',
        '\u{feff}',
        '\u{e000}',
        '\u{378}',
        '\u{ffff}',
        '\u{e0001}',
        '\u{10fffd}',
    ];
    for c in replaced {
        assert_eq!(
            normalized(&format!("a{c}b")).as_deref(),
            Some("a_b"),
            "{c:?}"
        );
    }
    for c in ['\u{a0}', '\u{3000}', 'é', '日', '\u{301}', '😀', '\u{fffd}'] {
        let value = format!("a{c}b");
        assert_eq!(normalized(&value), Some(value), "{c:?}");
    }
}

#[test]
fn no_symbol_or_pictograph_is_unassigned() {
    for c in '\u{1f900}'..='\u{1f9ff}' {
        assert_ne!(
            get_general_category(c),
            GeneralCategory::Unassigned,
            "{c:?}"
        );
        assert_eq!(normalized(&c.to_string()), Some(c.to_string()));
    }
}

#[test]
fn a_value_is_cut_between_characters() {
    let x = |count| "x".repeat(count);
    let cases = [
        (x(255), x(255)),
        (x(256), x(255)),
        (format!("{} ", x(253)), format!(r"{}\ ", x(253))),
        // There is room for the backslash only.
        (format!("{} y", x(254)), x(254)),
        (format!("{}😀", x(253)), format!("{}😀", x(253))),
        (format!("{}😀y", x(254)), x(254)),
        (format!("\"{}\"", x(253)), format!("\"{}\"", x(253))),
        (format!("\"{}\"", x(254)), format!("\"{}\"", x(253))),
        (format!("\"{}\"\"", x(252)), format!("\"{}\"", x(252))),
        (format!("\"{}\"\"", x(251)), format!("\"{}\\\"\"", x(251))),
        (format!("{}\n\n\n", x(254)), format!("{}_", x(254))),
        // 255 units are more bytes.
        ("日".repeat(255), "日".repeat(255)),
        ("日".repeat(256), "日".repeat(255)),
        ("😀".repeat(128), "😀".repeat(127)),
        (x(10_000), x(255)),
        (" ".repeat(10_000), r"\ ".repeat(127)),
    ];
    for (value, expected) in cases {
        assert_eq!(normalized(&value), Some(expected));
    }
}

#[test]
fn a_plain_value_is_borrowed() {
    for value in ["eu-west", "\"eu west\"", "#;'<>|~"] {
        assert!(
            matches!(normalize_dimension_value(value), Some(Cow::Borrowed(_))),
            "{value:?}"
        );
    }
}
