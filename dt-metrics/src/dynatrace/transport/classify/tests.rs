use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER};

use crate::dynatrace::config::Config;
use crate::dynatrace::config::options::{DeliveryGuarantee, Options};
use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::retry::backoff::Pace;
use crate::dynatrace::retry::outcome::{Action, Outcome};
use crate::dynatrace::text::is_printable;
use crate::dynatrace::transport::classify::{Response, classify, retry_after};
use crate::dynatrace::transport::message::MessageWriter;

/// The outcome of a request with two lines.
fn outcome(status: StatusCode, body: &str) -> Outcome {
    outcome_over(Format::Lines, status.as_u16(), None, body)
}

fn outcome_over(format: Format, status: u16, content_type: Option<&str>, body: &str) -> Outcome {
    let status = StatusCode::from_u16(status).expect("a status");
    let options = Options {
        format,
        endpoint: Some("http://127.0.0.1:1/api/v2/metrics/ingest".into()),
        api_token: Some("secret-token".into()),
        ..Options::default()
    };
    let config = Config::resolve(options, &|_| None).expect("valid");
    let content_type = content_type.map(|text| HeaderValue::from_str(text).expect("valid"));
    let response = Response {
        status,
        headers: content_type
            .map(|text| (CONTENT_TYPE, text))
            .into_iter()
            .collect(),
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
    const NOTHING: &str = r#"{"linesOk":0,"linesInvalid":0}"#;
    const NOTHING_BUT_AN_ERROR: &str =
        r#"{"linesOk":0,"linesInvalid":0,"error":{"code":400,"message":"no","invalidLines":[]}}"#;
    let cases = [
        (202, "", "accepted"),
        (202, "no json", "accepted"),
        (202, HTML, "accepted"),
        (202, r#"{"linesOk":2,"linesInvalid":0}"#, "accepted"),
        (202, PARTIAL, "partial"),
        (200, "", "accepted"),
        (204, "", "accepted"),
        (200, HTML, "misdirected"),
        (200, "OK", "accepted"),
        (200, r#"{"status":"ok"}"#, "accepted"),
        (
            200,
            r#"{"linesOk":2,"linesInvalid":0,"error":null}"#,
            "accepted",
        ),
        (200, PARTIAL, "partial"),
        (200, r#"{"error":"login required"}"#, "misdirected"),
        (
            200,
            r#"{"error":{"code":401,"message":"no"}}"#,
            "misdirected",
        ),
        (200, NOTHING, "misdirected"),
        (202, NOTHING, "misdirected"),
        (202, r#"{"error":"none"}"#, "accepted"),
        (202, r#"{"linesOk":"#, "accepted"),
        (302, HTML, "misdirected"),
        (304, "", "misdirected"),
        (400, PARTIAL, "partial"),
        (400, r#"{"linesOk":0,"linesInvalid":2}"#, "partial"),
        (400, API_ERROR, "rejected"),
        (400, NOTHING_BUT_AN_ERROR, "rejected"),
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
        (406, PARTIAL, "partial"),
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
fn answers_in_the_form_of_the_ingest_api_drop_nothing() {
    const API_ERROR: &str = r#"{"error":{"code":400,"message":"no metric lines"}}"#;
    const OF_ANOTHER_API: &str =
        r#"{"error":{"code":400,"message":"bad","status":"INVALID_ARGUMENT"}}"#;
    for (status, body) in [
        (400, r#"{"linesOk":0,"linesInvalid":0}"#),
        (400, r#"{"error":{"code":1020,"message":"denied"}}"#),
        (400, r#"{"error":{"code":"400","message":"denied"}}"#),
        (400, r#"{"error":{"message":"denied"}}"#),
        (400, OF_ANOTHER_API),
        (400, r#"{"error":{"code":400},"ray":"7f"}"#),
        (400, &API_ERROR[..API_ERROR.len() - 3]),
        (400, r#"[{"error":{"code":400}}]"#),
        (400, ""),
        (400, "blocked"),
        (400, r#"{"error":"blocked"}"#),
        (400, " <html>"),
        (451, r#"{"error":{"code":451,"message":"policy"}}"#),
    ] {
        let outcome = outcome_over(Format::Lines, status, None, body);
        assert_eq!(outcome.kind(), ("misdirected", status), "{body}");
    }
}

#[test]
fn the_servers_answer_is_passed_on_without_the_token() {
    let body = r#"{"error":{"message":"no such token: secret-token"}}"#;
    let outcome = outcome(StatusCode::UNAUTHORIZED, body);
    let message = outcome.message().expect("a reason");
    assert!(message.contains("no such token: <secret>"), "{message}");
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

/// Answers that are not of the ingest API, or of an OTLP receiver.
const FOREIGN: [&str; 11] = [
    "",
    "blocked",
    "<html><title>Request rejected</title></html>",
    "  <?xml version=\"1.0\"?>",
    r#"{"message":"Forbidden"}"#,
    r#"{"error":"blocked","request_id":7}"#,
    r#"{"error":{"code":1015,"message":"you are being rate limited"}}"#,
    r#"{"error":{"code":400,"message":"bad","status":"INVALID_ARGUMENT"}}"#,
    r#"{"linesOk":0,"linesInvalid":0}"#,
    r#"{"linesOk":0,"linesInvalid":0,"error":{"code":400,"mess"#,
    "[1, 2]",
];

#[test]
fn only_the_ingest_api_drops_data_points() {
    let formats = [
        Format::Lines,
        #[cfg(feature = "otlp")]
        Format::Otlp,
    ];
    for format in formats {
        for status in (300..500).filter(|status| *status != 413) {
            for body in FOREIGN {
                let outcome = outcome_over(format, status, None, body);
                let action = outcome.action(DeliveryGuarantee::AtLeastOnce);
                assert!(
                    matches!(action, Action::Retry { .. } | Action::Bisect { .. }),
                    "{status} {body:?} over {format:?}: {action:?}"
                );
            }
        }
        let body = r#"{"error":{"code":400,"message":"no"}}"#;
        for status in [400, 402, 406, 409, 415, 422, 431] {
            let outcome = outcome_over(format, status, None, body);
            assert_eq!(outcome.kind(), ("rejected", status), "{format:?}");
        }
        for status in [402, 406, 409, 415, 422, 431] {
            let body = format!(r#"{{"error":{{"code":{status},"message":"no"}}}}"#);
            let outcome = outcome_over(format, status, None, &body);
            assert_eq!(outcome.kind(), ("misdirected", status), "{format:?}");
        }
        for status in [408, 425, 429, 500, 502, 503, 504] {
            let outcome = outcome_over(format, status, None, "");
            let action = outcome.action(DeliveryGuarantee::AtMostOnce);
            assert!(
                matches!(
                    action,
                    Action::Bisect {
                        pace: Pace::Fast,
                        ..
                    }
                ),
                "{status}"
            );
        }
    }
}

#[cfg(feature = "otlp")]
#[test]
fn an_otlp_receiver_sends_its_reason_in_protobuf() {
    const STATUS: &str = "\u{8}\u{3}\u{12}\u{9}malformed";
    for (content_type, body, expected) in [
        (Some("application/x-protobuf"), STATUS, "rejected"),
        (Some("Application/X-Protobuf; v=1"), STATUS, "rejected"),
        (Some("application/x-protobuf"), "", "misdirected"),
        (Some("application/x-protobuf"), "blocked", "misdirected"),
        (Some("text/plain"), STATUS, "misdirected"),
        (None, STATUS, "misdirected"),
    ] {
        let outcome = outcome_over(Format::Otlp, 400, content_type, body);
        assert_eq!(outcome.kind().0, expected, "{content_type:?} {body:?}");
        if expected == "rejected" {
            let message = outcome.message().expect("a reason");
            assert!(message.ends_with("(answer: malformed)"), "{message}");
        }
    }
}

#[test]
fn answers_are_cleaned_for_terminals() {
    const HOSTILE: &str = "a\u{202e}b\u{2066}c\u{1b}[31md\u{7}e\u{feff}f\u{200b}g\r\nh";
    let escape = |c: char| format!("\\u{:04x}", u32::from(c));
    let escaped = HOSTILE.chars().map(escape).collect::<String>();
    let line = format!(r#"{{"line":1,"error":"{escaped}"}}"#);
    let bodies = [
        HOSTILE.to_owned(),
        format!(r#"{{"error":{{"code":400,"message":"{escaped}"}}}}"#),
        format!(r#"{{"error":"{escaped}"}}"#),
        format!(r#"{{"linesOk":1,"linesInvalid":1,"error":{{"invalidLines":[{line}]}}}}"#),
    ];
    for status in [302, 400, 401, 403, 404, 413, 418, 429, 503] {
        for body in &bodies {
            let outcome = outcome_over(Format::Lines, status, None, body);
            let message = outcome.message().expect("a message");
            assert!(message.chars().all(is_printable), "{message:?}");
        }
    }
}
