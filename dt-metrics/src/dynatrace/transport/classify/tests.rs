use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};

use crate::dynatrace::config::Config;
use crate::dynatrace::config::options::Options;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::retry::outcome::Outcome;
use crate::dynatrace::transport::classify::{Response, classify, retry_after};
use crate::dynatrace::transport::message::MessageWriter;

/// The outcome of a request with two lines.
fn outcome(status: StatusCode, body: &str) -> Outcome {
    let options = Options {
        endpoint: Some("http://127.0.0.1:1/api/v2/metrics/ingest".into()),
        api_token: Some("secret-token".into()),
        ..Options::default()
    };
    let config = Config::resolve(options, &|_| None).expect("valid");
    let response = Response {
        status,
        headers: HeaderMap::new(),
        body: body.into(),
    };
    let sent = Body::of("a count,delta=1\nb count,delta=1");
    let messages = MessageWriter::new(&config);
    classify(&response, &sent, config.protocol.format, &messages)
}

#[test]
fn every_status_has_its_meaning() {
    const PARTIAL: &str = r#"{"linesOk":1,"linesInvalid":1}"#;
    const HTML: &str = " <html>";
    const API_ERROR: &str = r#"{"error":{"code":400,"message":"no metric lines"}}"#;
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
        (400, API_ERROR, "rejected"),
        (400, "", "misdirected"),
        (400, "blocked", "misdirected"),
        (400, r#"{"error":"blocked"}"#, "misdirected"),
        (400, HTML, "misdirected"),
        (401, "", "unauthorized"),
        (403, HTML, "unauthorized"),
        (404, "", "misdirected"),
        (404, HTML, "misdirected"),
        (405, "", "misdirected"),
        (407, "", "misdirected"),
        (408, "", "unavailable"),
        (410, "", "misdirected"),
        (402, "", "misdirected"),
        (411, "", "misdirected"),
        (418, "teapot", "misdirected"),
        (425, "", "unavailable"),
        (451, "", "misdirected"),
        (415, HTML, "misdirected"),
        (421, "", "misdirected"),
        (422, "", "misdirected"),
        (422, API_ERROR, "rejected"),
        (413, "", "too_large"),
        (429, "", "throttled"),
        (500, "", "unavailable"),
        (502, HTML, "unavailable"),
        (503, "", "unavailable"),
        (504, "", "unavailable"),
        (999, "", "unavailable"),
    ];
    for (status, body, expected) in cases {
        let code = StatusCode::from_u16(status).expect("a status");
        let outcome = outcome(code, body);
        assert_eq!(outcome.kind().0, expected, "{status} {body}");
        if let Some(message) = outcome.message() {
            assert!(message.contains(&status.to_string()), "{message}");
            assert!(!message.contains('<'), "{message}");
        }
    }
}

#[test]
fn what_the_server_says_is_passed_on_without_the_token() {
    let body = r#"{"error":{"message":"no such token: secret-token"}}"#;
    let outcome = outcome(StatusCode::UNAUTHORIZED, body);
    let message = outcome.message().expect("a reason");
    assert!(message.contains("no such token: <token>"), "{message}");
}

#[test]
fn a_server_that_miscounts_changes_no_sum() {
    let outcome = outcome(StatusCode::BAD_REQUEST, r#"{"linesOk":9,"linesInvalid":7}"#);
    assert!(
        matches!(outcome, Outcome::Rejected { .. } | Outcome::Accepted),
        "{outcome:?}"
    );
}

fn asked(headers: &HeaderMap, now: SystemTime) -> Option<u64> {
    retry_after(headers, now).map(|asked| asked.as_secs())
}

#[test]
fn seconds() {
    let cases = [
        ("5", Some(5)),
        (" 5 ", Some(5)),
        ("0", Some(0)),
        ("99999999999999999999", Some(u64::MAX)),
        ("-1", None),
        ("+1", None),
        ("1.5", None),
        ("", None),
        ("soon", None),
    ];
    for (text, expected) in cases {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
        assert_eq!(asked(&headers, SystemTime::now()), expected, "{text}");
    }
    assert_eq!(asked(&HeaderMap::new(), SystemTime::now()), None);
}

#[test]
fn dates() {
    // 1994-11-06 08:49:37 UTC, the example of RFC 9110, section 5.6.7.
    let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    let now = moment - Duration::from_secs(90);
    for text in [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ] {
        let mut headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
        assert_eq!(asked(&headers, now), Some(90), "{text}");
        assert_eq!(asked(&headers, moment + Duration::from_secs(1)), Some(0));
        let by_the_server = HeaderValue::from_static("Sun, 06 Nov 1994 08:49:30 GMT");
        headers.insert(DATE, by_the_server);
        assert_eq!(asked(&headers, now), Some(7), "{text}");
        headers.insert(DATE, HeaderValue::from_static("today"));
        assert_eq!(asked(&headers, now), Some(90), "{text}");
    }
}
