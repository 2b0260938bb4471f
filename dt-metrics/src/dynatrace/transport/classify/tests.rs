use crate::dynatrace::transport::classify::retry_after;
use reqwest::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use std::time::{Duration, SystemTime};

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
