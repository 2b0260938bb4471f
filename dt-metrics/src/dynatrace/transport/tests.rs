use crate::dynatrace::config::Config;
use crate::dynatrace::config::options::Options;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::retry::outcome::Outcome;
use crate::dynatrace::transport::Http;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

fn sent() -> Body {
    Body::of("a count,delta=1\nb count,delta=1")
}

fn http() -> Http {
    let options = Options {
        endpoint: Some("http://127.0.0.1:1/api/v2/metrics/ingest".into()),
        api_token: Some("secret-token".into()),
        ..Options::default()
    };
    Http::new(&Config::resolve(options, &|_| None).expect("valid"))
}

#[test]
fn every_status_has_its_meaning() {
    const PARTIAL: &str = r#"{"linesOk":1,"linesInvalid":1}"#;
    const HTML: &str = " <html>";
    let cases = [
        (202, "", "accepted"),
        (202, "no json", "accepted"),
        (202, HTML, "accepted"),
        (202, r#"{"linesOk":2,"linesInvalid":0}"#, "accepted"),
        (202, PARTIAL, "partial"),
        (200, "", "accepted"),
        (204, "", "accepted"),
        (200, HTML, "misdirected"),
        (302, HTML, "misdirected"),
        (304, "", "misdirected"),
        (400, PARTIAL, "partial"),
        (400, r#"{"linesOk":0,"linesInvalid":2}"#, "partial"),
        (400, "", "rejected"),
        (400, HTML, "misdirected"),
        (401, "", "unauthorized"),
        (403, HTML, "unauthorized"),
        (404, "", "misdirected"),
        (404, HTML, "misdirected"),
        (405, "", "misdirected"),
        (407, "", "misdirected"),
        (408, "", "unavailable"),
        (410, "", "misdirected"),
        (411, "", "rejected"),
        (415, HTML, "misdirected"),
        (421, "", "misdirected"),
        (422, "", "rejected"),
        (413, "", "too_large"),
        (429, "", "throttled"),
        (500, "", "unavailable"),
        (502, HTML, "unavailable"),
        (503, "", "unavailable"),
        (504, "", "unavailable"),
        (999, "", "unavailable"),
    ];
    let (http, sent) = (http(), sent());
    for (status, body, expected) in cases {
        let code = StatusCode::from_u16(status).expect("a status");
        let outcome = http.judge(code, &HeaderMap::new(), body.as_bytes(), &sent);
        assert_eq!(outcome.kind().0, expected, "{status} {body}");
        if let Some(message) = outcome.message() {
            assert!(message.contains(&status.to_string()), "{message}");
            assert!(!message.contains('<'), "{message}");
        }
    }
}

#[test]
fn what_the_server_says_is_passed_on_without_the_token() {
    let body = br#"{"error":{"message":"no such token: secret-token"}}"#;
    let outcome = http().judge(StatusCode::UNAUTHORIZED, &HeaderMap::new(), body, &sent());
    let message = outcome.message().expect("a reason");
    assert!(message.contains("no such token: <token>"), "{message}");
}

#[test]
fn a_server_that_miscounts_changes_no_sum() {
    let body = br#"{"linesOk":9,"linesInvalid":7}"#;
    let outcome = http().judge(StatusCode::BAD_REQUEST, &HeaderMap::new(), body, &sent());
    assert!(
        matches!(outcome, Outcome::Rejected { .. } | Outcome::Accepted),
        "{outcome:?}"
    );
}
