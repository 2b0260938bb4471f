use crate::dynatrace::config::endpoint::Endpoint;
use crate::dynatrace::config::environment::proxy_variable;

#[test]
fn the_variable_that_counts_is_named() {
    const THERE: &str = "https://abc.live.dynatrace.com/api/v2/metrics/ingest";
    for (endpoint, variables, expected) in [
        (THERE, &[][..], None),
        (THERE, &[("HTTPS_PROXY", "http://p:1")], Some("HTTPS_PROXY")),
        (THERE, &[("https_proxy", "http://p:1")], Some("https_proxy")),
        (THERE, &[("all_proxy", "http://p:1")], Some("all_proxy")),
        (THERE, &[("HTTPS_PROXY", " ")], None),
        (THERE, &[("HTTP_PROXY", "http://p:1")], None),
        (
            "http://gate/api/v2/metrics/ingest",
            &[("HTTP_PROXY", "http://p:1")],
            Some("HTTP_PROXY"),
        ),
        (
            "https://localhost/api/v2/metrics/ingest",
            &[("HTTPS_PROXY", "http://p:1")],
            None,
        ),
        (
            THERE,
            &[
                ("HTTPS_PROXY", "http://p:1"),
                ("NO_PROXY", "a, .dynatrace.com"),
            ],
            None,
        ),
        (
            THERE,
            &[("HTTPS_PROXY", "http://p:1"), ("no_proxy", "*")],
            None,
        ),
        (
            THERE,
            &[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", "trace.com,")],
            Some("HTTPS_PROXY"),
        ),
    ] {
        let endpoint = Endpoint::parse(endpoint).unwrap();
        let found = proxy_variable(&endpoint, &|name| {
            let variable = variables.iter().find(|(it, _)| *it == name);
            variable.map(|(_, value)| (*value).to_owned())
        });
        assert_eq!(found, expected, "{endpoint} {variables:?}");
    }
}
