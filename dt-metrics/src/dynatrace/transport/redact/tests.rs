use crate::dynatrace::transport::redact::{Scrubber, WITHHELD};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

const TOKEN: &str = "dt0c01.PUBLICPARTPUBLICPARTPUBL.SECRETPART0123456789SECRETPART/+";
const SECRET: &str = "SECRETPART0123456789SECRETPART/+";

fn spelled(byte: impl Fn(u8) -> String) -> String {
    TOKEN.bytes().map(byte).collect()
}

fn scrubber() -> Scrubber {
    Scrubber::new([TOKEN.into()])
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
        assert_eq!(scrubber().scrub(&text), expected);
    }
}

#[test]
fn other_spellings_are_seen_through() {
    let percent: String = spelled(|byte| format!("%{byte:02X}"));
    let json: String = spelled(|byte| format!("\\u{byte:04x}"));
    let html: String = spelled(|byte| format!("&#{byte};"));
    let html_hex: String = spelled(|byte| format!("&#x{byte:X};"));
    let hex: String = spelled(|byte| format!("{byte:02X}"));
    for text in [
        percent.clone(),
        percent.replace('%', "%25"),
        json.clone(),
        json.replace('\\', r"\\"),
        html,
        html_hex,
        hex,
        SECRET.replace('/', "%2F").replace('+', "%2b"),
        SECRET.replace('/', r"\/"),
        TOKEN.to_ascii_lowercase(),
        STANDARD.encode(TOKEN),
        STANDARD.encode(format!("Api-Token {TOKEN}")),
        STANDARD.encode(format!("xx{TOKEN}yy")),
        URL_SAFE_NO_PAD.encode(format!("x{SECRET}")),
        TOKEN[..50].to_owned(),
        SECRET[SECRET.len() / 2..].to_owned(),
        TOKEN.chars().flat_map(|c| [c, '\n']).collect(),
    ] {
        assert_eq!(
            scrubber().scrub(&format!("it was {text}.")),
            WITHHELD,
            "{text}"
        );
    }
}

#[test]
fn a_short_secret_is_found_as_it_is() {
    let scrubber = Scrubber::new(["short".into(), String::new().into()]);
    assert_eq!(scrubber.scrub("a short one"), "a <token> one");
    assert_eq!(scrubber.scrub("c2hvcnQ="), "c2hvcnQ=");
    assert_eq!(Scrubber::default().scrub("as it is %41"), "as it is %41");
}

proptest! {
    #[test]
    fn wherever_it_stands_it_is_not_shown(
        before in "\\PC{0,20}",
        after in "\\PC{0,20}",
        pad in 0_usize..3,
    ) {
        let encoded = STANDARD.encode(format!("{}{TOKEN}{after}", "x".repeat(pad)));
        for token in [TOKEN, SECRET, &encoded] {
            let shown = scrubber().scrub(&format!("{before}{token}{after}"));
            prop_assert!(!shown.contains(SECRET) && !shown.contains(&encoded), "{shown}");
        }
    }

    #[test]
    fn any_text_is_read(text in "[a-z%\\\\&#;xu0-9]{0,40}|\\PC{0,40}") {
        scrubber().scrub(&text);
    }
}
