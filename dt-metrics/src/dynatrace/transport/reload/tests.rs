use std::fs;

use crate::dynatrace::config::Config;
use crate::dynatrace::config::endpoint_file::EndpointFile;
use crate::dynatrace::config::options::Options;
use crate::dynatrace::transport::reload::ReloadingTransport;

const URL: &str = "https://a.live.dynatrace.com/api/v2/metrics/ingest";
const OTHER: &str = "https://b.live.dynatrace.com/api/v2/metrics/ingest";

fn text(url: &str, token: &str) -> String {
    format!("DT_METRICS_INGEST_URL={url}\nDT_METRICS_INGEST_API_TOKEN={token}\n")
}

/// The endpoint and the header that would be used.
fn used(transport: &ReloadingTransport) -> (String, Option<String>) {
    let target = transport.http().config().target.clone();
    let header = target.token.and_then(|token| token.header());
    let header = header.map(|header| header.to_str().expect("ASCII").to_owned());
    (target.endpoint.to_string(), header)
}

const GATE: &str = "http://activegate.dynatrace/e/abc/api/v2/metrics/ingest";

#[tokio::test]
async fn only_complete_and_usable_changes_are_used() {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let path = folder.path().join("endpoint.properties");
    let options = Options {
        endpoint_file: EndpointFile::at(&path),
        ..Options::default()
    };
    let config = Config::resolve(options, &|_| None).expect("valid");
    let transport = ReloadingTransport::new(&config).expect("valid");
    assert!(transport.is_unconfigured());
    assert!(!transport.reload().await, "there is no file");

    let steps = [
        (Some(text(URL, "one")), true, URL, "one"),
        (Some(text(URL, "one")), false, URL, "one"),
        // Half of the new content, or none of it.
        (Some(String::new()), false, URL, "one"),
        (
            Some(format!("DT_METRICS_INGEST_URL={OTHER}\nDT_METRICS_ING")),
            false,
            URL,
            "one",
        ),
        (
            Some("DT_METRICS_INGEST_API_TOKEN=two\n".into()),
            false,
            URL,
            "one",
        ),
        (None, false, URL, "one"),
        (Some("\0\0".into()), false, URL, "one"),
        // Not usable.
        (Some(text("ftp://a.example/", "two")), false, URL, "one"),
        (Some(text("no url", "two")), false, URL, "one"),
        (Some(text(OTHER, "t w o")), false, URL, "one"),
        // Another token, another endpoint, both.
        (Some(text(URL, "two")), true, URL, "two"),
        (Some(text(OTHER, "two")), true, OTHER, "two"),
        // An ActiveGate in the cluster.
        (Some(text(GATE, "two")), true, GATE, "two"),
        (
            Some(text(URL, "three").replace('\n', "\r\n")),
            true,
            URL,
            "three",
        ),
        (
            Some(format!("# rotated\n{}", text(URL, "three"))),
            false,
            URL,
            "three",
        ),
    ];
    for (content, changes, url, token) in steps {
        match &content {
            Some(content) => fs::write(&path, content).expect("writable"),
            None => fs::remove_file(&path).expect("there"),
        }
        assert_eq!(transport.reload().await, changes, "{content:?}");
        let expected = (url.to_owned(), Some(format!("Api-Token {token}")));
        assert_eq!(used(&transport), expected, "{content:?}");
        assert!(!transport.is_unconfigured());
    }
}

#[tokio::test]
async fn options_of_the_program_do_not_change() {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let path = folder.path().join("endpoint.properties");
    fs::write(&path, text(URL, "one")).expect("writable");
    for (endpoint, token, expected) in [
        (Some(URL), None, (URL, "two")),
        (None, Some("mine"), (OTHER, "mine")),
        (Some(URL), Some("mine"), (URL, "mine")),
    ] {
        let options = Options {
            endpoint: endpoint.map(Into::into),
            api_token: token.map(Into::into),
            endpoint_file: EndpointFile::at(&path),
            ..Options::default()
        };
        fs::write(&path, text(URL, "one")).expect("writable");
        let config = Config::resolve(options, &|_| None).expect("valid");
        let transport = ReloadingTransport::new(&config).expect("valid");
        fs::write(&path, text(OTHER, "two")).expect("writable");
        transport.reload().await;
        let expected = (
            expected.0.to_owned(),
            Some(format!("Api-Token {}", expected.1)),
        );
        assert_eq!(used(&transport), expected, "{endpoint:?} {token:?}");
    }
}
