use crate::dynatrace::config::endpoint::{Endpoint, ONE_AGENT_URL};
use crate::dynatrace::error::EndpointError;

#[test]
fn only_urls_that_can_be_sent_to_are_endpoints() {
    let cases = [
        ("", "not a URL"),
        ("myenv123.live.dynatrace.com", "not a URL"),
        ("/api/v2/metrics/ingest", "not a URL"),
        ("http://", "not a URL"),
        ("https://a b/", "not a URL"),
        ("ftp://host/", "scheme"),
        ("localhost:14499/metrics/ingest", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("https://user@host/", "user name"),
        ("https://:secret@host/", "user name"),
    ];
    for (text, expected) in cases {
        let error = Endpoint::parse(text).expect_err(text).to_string();
        assert!(error.contains(expected), "{text}: {error}");
        assert!(!error.contains("secret"), "{error}");
    }
    assert_eq!(
        Endpoint::parse("ftp://x/"),
        Err(EndpointError::Scheme("ftp".into()))
    );
}

#[test]
fn a_one_agent_is_on_this_host_and_has_its_path() {
    let cases = [
        (ONE_AGENT_URL, true, true),
        ("http://127.0.0.1:14499/metrics/ingest", true, true),
        ("http://127.1.2.3/metrics/ingest/", true, true),
        ("http://[::1]:14499/metrics/ingest", true, true),
        ("http://[::ffff:127.0.0.1]/metrics/ingest", true, true),
        ("http://LOCALHOST./metrics/ingest", true, true),
        ("http://agent.localhost/metrics/ingest", true, true),
        ("http://localhost/api/v2/metrics/ingest", true, false),
        ("http://localhost.example.com/metrics/ingest", false, false),
        ("http://notlocalhost/metrics/ingest", false, false),
        ("http://10.0.0.1:14499/metrics/ingest", false, false),
        (
            "https://a.live.dynatrace.com/api/v2/metrics/ingest",
            false,
            false,
        ),
    ];
    for (text, loopback, one_agent) in cases {
        let endpoint = Endpoint::parse(text).expect(text);
        assert_eq!(
            (endpoint.is_loopback(), endpoint.is_one_agent()),
            (loopback, one_agent),
            "{text}"
        );
    }
}

#[test]
fn a_query_is_sent_but_not_printed() {
    let endpoint = Endpoint::parse(" https://host/x?api-token=secret#part ").expect("valid");
    assert_eq!(endpoint.to_string(), "https://host/x");
    assert_eq!(format!("{endpoint:?}"), "https://host/x");
    assert_eq!(endpoint.url().query(), Some("api-token=secret"));
}

#[test]
fn a_path_of_dynatrace_is_corrected_and_another_one_is_left_alone() {
    const LIVE: &str = "https://abc.live.dynatrace.com/api/v2/metrics/ingest";
    const APPS: &str =
        "https://abc.apps.dynatrace.com/platform/classic/environment-api/v2/metrics/ingest";
    const GATE: &str = "https://gate:9999/e/abc/api/v2/metrics/ingest";
    const GATEWAY: &str = "https://gw.example/platform/classic/environment-api/v2/metrics/ingest";
    for (text, expected) in [
        (LIVE, LIVE),
        ("\"https://abc.live.dynatrace.com\"", LIVE),
        ("https://abc.live.dynatrace.com/", LIVE),
        (
            "https://ABC.live.dynatrace.com/api/v2/metrics/ingest/",
            LIVE,
        ),
        (
            "https://abc.live.dynatrace.com//api/v2/metrics/ingest",
            LIVE,
        ),
        ("https://abc.live.dynatrace.com/api/v2", LIVE),
        ("https://abc.live.dynatrace.com/api/v2/metrics", LIVE),
        ("https://abc.live.dynatrace.com/api/v2/otlp", LIVE),
        (
            "https://abc.live.dynatrace.com/api/v2/otlp/v1/metrics",
            LIVE,
        ),
        (APPS, APPS),
        ("https://abc.apps.dynatrace.com", APPS),
        (
            "https://abc.apps.dynatrace.com/ui/apps/dynatrace.notebooks",
            APPS,
        ),
        ("https://abc.apps.dynatrace.com/api/v2/metrics/ingest", APPS),
        (
            "https://abc.apps.dynatrace.com/platform/classic/environment-api/",
            APPS,
        ),
        (
            "https://abc.apps.dynatrace.com/platform/classic/environment-api/v2/",
            APPS,
        ),
        (GATE, GATE),
        ("https://gate:9999/e/abc", GATE),
        ("https://gate:9999/e/abc/", GATE),
        ("https://gate:9999/e/abc/api/v2/metrics/ingest/", GATE),
        ("https://gate:9999/e/abc/api/v2/otlp/v1/metrics", GATE),
        // A gateway in front of the platform keeps the path of the platform.
        (GATEWAY, GATEWAY),
        (
            "https://gw.example/platform/classic/environment-api/",
            GATEWAY,
        ),
        (
            "https://gw.example/platform/classic/environment-api/v2/metrics/ingest//",
            GATEWAY,
        ),
        (
            "https://gw.example/platform/classic/environment-api/v2/otlp/v1/metrics",
            GATEWAY,
        ),
        ("http://localhost:14499", ONE_AGENT_URL),
        ("http://localhost:14499/metrics/ingest/", ONE_AGENT_URL),
        ("http://localhost:9/x/", "http://localhost:9/x/"),
        ("https://collector.example", "https://collector.example/"),
        (
            "https://proxy.example/dynatrace/metrics/ingest//",
            "https://proxy.example/dynatrace/metrics/ingest",
        ),
    ] {
        let endpoint = Endpoint::parse(text).and_then(Endpoint::for_lines);
        let endpoint = endpoint.expect(text).to_string();
        assert_eq!(endpoint, expected, "{text}");
    }
    for (text, expected) in [
        ("https://abc.live.dynatrace.com/metrics/ingest", LIVE),
        ("https://abc.live.dynatrace.com/api/v1/metrics", LIVE),
        (
            "https://abc.live.dynatrace.com/api/v2/metrics/ingest/x",
            LIVE,
        ),
        ("https://abc.apps.dynatrace.com/platform/storage", APPS),
    ] {
        let error = Endpoint::parse(text).and_then(Endpoint::for_lines);
        assert_eq!(
            error,
            Err(EndpointError::NotIngest(expected.into())),
            "{text}"
        );
    }
}
