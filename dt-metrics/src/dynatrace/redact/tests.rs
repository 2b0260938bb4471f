use proptest::prelude::*;

use crate::dynatrace::redact::{Redactor, WITHHELD, shorten};

const TOKEN: &str = "dt0c01.PUBLICPARTPUBLICPARTPUBL.SECRETPART0123456789SECRETPART/+";
const SECRET: &str = "SECRETPART0123456789SECRETPART/+";

fn spelled(byte: impl Fn(u8) -> String) -> String {
    TOKEN.bytes().map(byte).collect()
}

fn redactor() -> Redactor {
    Redactor::new([TOKEN.into()])
}

#[test]
fn texts_lose_the_token_and_nothing_else() {
    let cases = [
        (
            format!("token {TOKEN} is unknown"),
            "token <token> is unknown",
        ),
        (format!("{TOKEN}{TOKEN}"), "<token><token>"),
        (format!("only {SECRET}!"), "only <token>!"),
        (
            "dt0c01.PUBLICPARTPUBLICPARTPUBL is no secret".into(),
            "dt0c01.PUBLICPARTPUBLICPARTPUBL is no secret",
        ),
        (
            r"C:\temp\x 100% & more; %zz \u12 &#x; {}".into(),
            r"C:\temp\x 100% & more; %zz \u12 &#x; {}",
        ),
        ("späte Züge 🦀 % \\".into(), "späte Züge 🦀 % \\"),
        (String::new(), ""),
    ];
    for (text, expected) in cases {
        assert_eq!(redactor().redact(&text), expected);
    }
}

#[test]
fn escapes_other_cases_and_parts_are_seen_through() {
    let percent: String = spelled(|byte| format!("%{byte:02X}"));
    let json: String = spelled(|byte| format!("\\u{byte:04x}"));
    for text in [
        percent.clone(),
        percent.replace('%', "%25"),
        json.clone(),
        json.replace('\\', r"\\"),
        SECRET.replace('/', "%2F").replace('+', "%2b"),
        SECRET.replace('/', r"\/"),
        TOKEN.to_ascii_lowercase(),
        TOKEN[..50].to_owned(),
        SECRET[SECRET.len() / 2..].to_owned(),
        TOKEN.chars().flat_map(|c| [c, '\n']).collect(),
    ] {
        assert_eq!(
            redactor().redact(&format!("it was {text}.")),
            WITHHELD,
            "{text}"
        );
    }
}

#[test]
fn white_space_around_a_secret_is_not_part_of_it() {
    let redactor = Redactor::new([format!(" {TOKEN}\n").into(), " a b ".into()]);
    assert_eq!(
        redactor.redact(&format!("it was {TOKEN}.")),
        "it was <token>."
    );
    assert_eq!(redactor.redact("x a b y"), "x <token> y");
}

#[test]
fn a_short_secret_is_found_as_it_is() {
    let redactor = Redactor::new(["short".into(), String::new().into()]);
    assert_eq!(redactor.redact("a short one"), "a <token> one");
    assert_eq!(redactor.redact("%73hort"), "%73hort");
    assert_eq!(Redactor::default().redact("as it is %41"), "as it is %41");
}

proptest! {
    #[test]
    fn wherever_it_stands_it_is_not_shown(
        before in "\\PC{0,20}",
        after in "\\PC{0,20}",
    ) {
        for token in [TOKEN, SECRET] {
            let shown = redactor().redact(&format!("{before}{token}{after}"));
            prop_assert!(!shown.contains(SECRET), "{shown}");
        }
    }

    #[test]
    fn any_text_is_read(text in "[a-z%\\\\&#;xu0-9]{0,40}|\\PC{0,40}") {
        redactor().redact(&text);
    }
}

#[test]
fn texts_from_elsewhere_are_one_short_line() {
    assert_eq!(shorten(" a\r\nb\u{1b}[31m "), "a  b [31m");
    let short = shorten(&"ä".repeat(1_000));
    assert_eq!(short.chars().count(), 201);
    assert!(short.ends_with('…'));
}
