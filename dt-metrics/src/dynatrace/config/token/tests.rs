use crate::dynatrace::config::token::Token;

const TEXT: &str = "dt0c01.PUBLICPART.SECRETPART0123456789";

fn token(text: &str) -> Result<Token, &'static str> {
    Token::new(&text.into())
}

#[test]
fn only_what_fits_a_header_is_a_token() {
    for text in [
        "",
        "  ",
        "a b",
        "a\nb",
        "a\r\nX-Header: b",
        "tökén",
        "a\0",
        "a\u{fffd}",
    ] {
        assert!(token(text).is_err(), "{text:?}");
    }
    for text in ["a", TEXT, " a\n"] {
        assert!(token(text).is_ok(), "{text:?}");
    }
}

#[test]
fn the_header_is_complete_and_sensitive() {
    let header = token(&format!("{TEXT}\n"))
        .expect("valid")
        .header()
        .expect("valid");
    assert_eq!(
        header.to_str().ok(),
        Some(format!("Api-Token {TEXT}").as_str())
    );
    assert!(header.is_sensitive());
    assert!(!format!("{header:?}").contains("SECRET"));
}

#[test]
fn nothing_prints_a_token() {
    assert!(!format!("{:?}", token(TEXT)).contains("SECRET"));
}
