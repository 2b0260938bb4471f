use secrecy::ExposeSecret;

use crate::dynatrace::config::token::Token;

const TEXT: &str = "dt0c01.PUBLICPART.SECRETPART0123456789";

fn token(text: &str) -> Result<Token, &'static str> {
    Token::new(&text.into())
}

#[test]
fn a_token_must_fit_a_header() {
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
fn the_kind_of_a_token_decides_how_it_is_sent() {
    const PLATFORM: &str = "dt0s16.PUBLICPART.SECRETPART0123456789";
    for (text, header) in [
        (PLATFORM.to_owned(), format!("Bearer {PLATFORM}")),
        (format!("Bearer {PLATFORM}"), format!("Bearer {PLATFORM}")),
        (
            format!("Api-Token {PLATFORM}"),
            format!("Bearer {PLATFORM}"),
        ),
        (format!("Api-Token {TEXT}"), format!("Api-Token {TEXT}")),
        (format!("bearer  {TEXT}\n"), format!("Api-Token {TEXT}")),
        (format!("\"Api-Token {TEXT}\""), format!("Api-Token {TEXT}")),
        (format!("Api-Token '{TEXT}'"), format!("Api-Token {TEXT}")),
        (format!(" '{TEXT}' \r\n"), format!("Api-Token {TEXT}")),
        (
            format!("Authorization: Api-Token {TEXT}"),
            format!("Api-Token {TEXT}"),
        ),
        (format!("Api-Token: {TEXT}"), format!("Api-Token {TEXT}")),
        (
            format!("authorization:bearer:{PLATFORM}"),
            format!("Bearer {PLATFORM}"),
        ),
        ("Bearer other".into(), "Bearer other".into()),
        ("other".into(), "Api-Token other".into()),
        ("bearer-of-news".into(), "Api-Token bearer-of-news".into()),
    ] {
        let token = token(&text).expect("valid");
        let sent = token.header().expect("valid");
        assert_eq!(sent.to_str().ok(), Some(&*header), "{text:?}");
        assert!(!format!("{token:?} {sent:?}").contains("SECRET"));
        let secret = token.secret();
        assert!(
            header.ends_with(&format!(" {}", secret.expose_secret())),
            "{text:?}"
        );
    }
    for text in [
        "Api-Token ",
        "bearer",
        "Bearer \n",
        "\"\"",
        "Api-Token a b",
        "Authorization:",
    ] {
        let refused = token(text);
        assert!(refused.is_err(), "{text:?}: {refused:?}");
    }
}

#[test]
fn nothing_prints_a_token() {
    assert!(!format!("{:?}", token(TEXT)).contains("SECRET"));
}
