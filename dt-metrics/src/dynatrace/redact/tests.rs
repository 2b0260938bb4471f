use proptest::prelude::*;

use crate::dynatrace::redact::{READ_BYTES, Redactor, WITHHELD, shorten};

const TOKEN: &str = "dt0c01.PUBLICPARTPUBLICPARTPUBL.SECRETPART0123456789SECRETPART/+";
const SECRET: &str = "SECRETPART0123456789SECRETPART/+";

fn spelled(byte: impl Fn(u8) -> String) -> String {
    spelled_as(TOKEN, byte)
}

fn spelled_as(text: &str, byte: impl Fn(u8) -> String) -> String {
    text.bytes().map(byte).collect()
}

fn redactor() -> Redactor {
    Redactor::new([TOKEN.into()])
}

#[test]
fn texts_lose_the_token_and_nothing_else() {
    let cases = [
        (
            format!("token {TOKEN} is unknown"),
            "token <secret> is unknown",
        ),
        (format!("{TOKEN}{TOKEN}"), "<secret><secret>"),
        (format!("only {SECRET}!"), "only <secret>!"),
        (
            "dt0c01.PUBLICPARTPUBLICPARTPUBL alone".into(),
            "<secret> alone",
        ),
        ("dt0c01.PUBLI alone".into(), WITHHELD),
        ("dt0c01.PUBL alone".into(), "dt0c01.PUBL alone"),
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
        "it was <secret>."
    );
    assert_eq!(redactor.redact("x a b y"), "x <secret> y");
}

#[test]
fn a_short_secret_is_found_as_it_is() {
    let redactor = Redactor::new(["short".into(), String::new().into()]);
    assert_eq!(redactor.redact("a short one"), "a <secret> one");
    assert_eq!(redactor.redact("%73hort"), "%73hort");
    let redactor = Redactor::new(["p@ss/w\"rd".into()]);
    for text in ["p%40ss%2Fw%22rd", r#"p@ss\/w\"rd"#, r"\u0070@ss/w\u0022rd"] {
        assert_eq!(redactor.redact(text), WITHHELD, "{text}");
    }
    assert_eq!(Redactor::default().redact("as it is %41"), "as it is %41");
}

#[test]
fn no_run_of_12_characters_is_shown() {
    let whole: Vec<char> = TOKEN.chars().collect();
    for length in 12..whole.len() {
        for part in whole.windows(length) {
            let part: String = part.iter().collect();
            let broken: String = part.chars().flat_map(|c| [c, '\u{202e}']).collect();
            for text in [
                part.clone(),
                part.to_ascii_lowercase(),
                broken,
                spelled_as(&part, |byte| format!("%{byte:02x}")),
            ] {
                let shown = redactor().redact(&format!("it was …{text}…, said he"));
                let shown = shown.to_ascii_lowercase().replace('\u{202e}', "");
                let is_shown = |run: &[char]| {
                    let run: String = run.iter().map(char::to_ascii_lowercase).collect();
                    shown.contains(&run)
                };
                assert!(!whole.windows(12).any(is_shown), "{text}: {shown}");
                assert!(shown.contains("secret>"), "{text}: {shown}");
            }
        }
    }
    // All but the ends.
    assert_eq!(redactor().redact(&SECRET[1..SECRET.len() - 1]), WITHHELD);
    // A run that begins like a secret.
    let repeated = Redactor::new(["AAAAAAB0AAAAAAC1D2E3F4".into()]);
    assert_eq!(repeated.redact("AAAAAAAAAAAAAC1D2E3F"), WITHHELD);
    assert_eq!(repeated.redact("AAAAAAAAAAAA"), "AAAAAAAAAAAA");
}

#[test]
fn a_part_at_the_end_of_what_is_read_is_not_shown() {
    for padding in READ_BYTES - SECRET.len()..READ_BYTES {
        let text = format!("{}{SECRET}", " ".repeat(padding));
        let shown = redactor().quote(&text);
        assert!(!shown.contains(&SECRET[..12]), "{shown}");
    }
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
