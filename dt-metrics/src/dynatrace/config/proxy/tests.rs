use secrecy::ExposeSecret;

use crate::dynatrace::config::endpoint::Endpoint;
use crate::dynatrace::config::proxy::{Proxy, proxy_secrets};

const THERE: &str = "https://abc.live.dynatrace.com/api/v2/metrics/ingest";

fn find(endpoint: &str, variables: &[(&str, &str)]) -> Proxy {
    let endpoint = Endpoint::parse(endpoint).unwrap();
    Proxy::find(&endpoint, &|name| {
        let variable = variables.iter().find(|(it, _)| *it == name);
        variable.map(|(_, value)| (*value).to_owned())
    })
}

#[test]
fn the_variable_that_counts_is_named() {
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
        (THERE, &[("HTTPS_PROXY", "p:1")], Some("HTTPS_PROXY")),
        (
            THERE,
            &[("HTTPS_PROXY", "https://u:p@[::1]")],
            Some("HTTPS_PROXY"),
        ),
        (
            "https://10.1.2.3/api/v2/metrics/ingest",
            &[
                ("HTTPS_PROXY", "p"),
                ("NO_PROXY", "10.0.0.0/8,::1,fe80::/10"),
            ],
            None,
        ),
        // The first spelling that is set counts.
        (
            THERE,
            &[("HTTPS_PROXY", "http://p:1"), ("https_proxy", "http://q:1")],
            Some("HTTPS_PROXY"),
        ),
        (
            THERE,
            &[("HTTPS_PROXY", ""), ("ALL_PROXY", "http://p:1")],
            Some("ALL_PROXY"),
        ),
        // Nothing depends on it.
        ("http://localhost:9/", &[("HTTP_PROXY", "bad proxy")], None),
        (THERE, &[("HTTP_PROXY", "bad proxy")], None),
        (
            THERE,
            &[("HTTPS_PROXY", "bad proxy"), ("NO_PROXY", "dynatrace.com")],
            None,
        ),
        (
            THERE,
            &[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", "trace.com,")],
            Some("HTTPS_PROXY"),
        ),
    ] {
        let found = find(endpoint, variables);
        assert_eq!(found.variable, expected, "{endpoint} {variables:?}");
        assert_eq!(found.warnings, [""; 0], "{endpoint} {variables:?}");
    }
}

#[test]
fn unusable_proxies_are_reported_without_their_value() {
    for (text, reason) in [
        ("bad proxy hunter2", "it is not a URL"),
        ("http://user:hunter2@", "it is not a URL"),
        ("/hunter2", "it is not a URL"),
        ("http://", "it is not a URL"),
        ("http://p:99999", "port"),
        ("http://p:port", "port"),
        ("http://:3128", "no host"),
        ("socks5://user:hunter2@p:1080", "scheme"),
        ("socks4://p", "scheme"),
        ("ftp://user:hunter2@p", "scheme"),
        ("\"http://p:3128\"", "quotes"),
        (" http://p:3128", "white space"),
    ] {
        for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            let found = find(THERE, &[(name, text)]);
            assert_eq!(found.variable, None, "{text}");
            let [warning] = &*found.warnings else {
                panic!("{text}: {:?}", found.warnings);
            };
            let said = [name, reason, "https://abc.live"];
            assert!(
                said.iter().all(|it| warning.contains(it)),
                "{text}: {warning}"
            );
            assert!(!warning.contains("hunter2"), "{warning}");
        }
    }
}

#[test]
fn the_replacement_of_an_unusable_proxy_is_named() {
    let warned = |variables: &[(&str, &str)]| {
        let found = find(THERE, variables);
        (found.variable, found.warnings.join(" "))
    };
    let (used, text) = warned(&[("HTTPS_PROXY", "ftp://p"), ("all_proxy", "http://q")]);
    assert_eq!(used, Some("all_proxy"));
    assert!(text.contains("the proxy in all_proxy is used"), "{text}");

    let (used, text) = warned(&[("HTTPS_PROXY", ""), ("https_proxy", "http://p")]);
    assert_eq!(used, None);
    assert!(
        text.contains("https_proxy is not used, since HTTPS_PROXY is set"),
        "{text}"
    );

    let (used, text) = warned(&[("HTTPS_PROXY", "http://p"), ("REQUEST_METHOD", "GET")]);
    assert_eq!(used, None);
    assert!(text.contains("REQUEST_METHOD is set"), "{text}");
}

#[test]
fn an_entry_of_no_proxy_that_covers_nothing_is_reported() {
    for (entries, position) in [
        ("localhost,10.0.0.0/33", "entry 2"),
        ("http://internal", "entry 1"),
        ("a,b,internal:8080", "entry 3"),
        ("*.internal", "entry 1"),
        ("a b", "entry 1"),
        ("a;b", "entry 1"),
        ("[::1]", "entry 1"),
    ] {
        let found = find(THERE, &[("HTTPS_PROXY", "http://p"), ("NO_PROXY", entries)]);
        assert_eq!(found.variable, Some("HTTPS_PROXY"), "{entries}");
        let text = found.warnings.join(" ");
        assert!(text.contains(position), "{entries}: {text}");
    }
    for entries in [
        "",
        "localhost, .internal,,10.0.0.0/8,10.1.2.3,::1,fd00::/8",
        "my_host",
    ] {
        let found = find(THERE, &[("HTTPS_PROXY", "http://p"), ("no_proxy", entries)]);
        assert_eq!(found.warnings, [""; 0], "{entries}");
    }
}

#[test]
fn the_passwords_of_proxies_are_known_as_they_travel() {
    let secrets = |url: &str| -> Vec<String> {
        let environment = |name: &str| (name == "https_proxy").then(|| url.to_owned());
        let secrets = proxy_secrets(&environment).into_iter();
        secrets.map(|it| it.expose_secret().to_owned()).collect()
    };
    assert_eq!(
        secrets("http://user:hunter2@proxy.test:3128/"),
        ["hunter2", "hunter2", "dXNlcjpodW50ZXIy"]
    );
    assert_eq!(
        secrets("us%40er:p%2Fw@proxy.test"),
        ["p%2Fw", "p/w", "dXNAZXI6cC93"]
    );
    assert_eq!(secrets("http://a:b@c/d@proxy.test")[0], "b@c/d");
    assert_eq!(secrets("http://secret@proxy.test")[0], "secret");
    assert!(secrets("http://proxy.test:3128").is_empty());
}
