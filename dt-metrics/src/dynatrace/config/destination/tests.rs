use std::io::Read;
use std::time::Duration;

use flate2::read::GzDecoder;
use opentelemetry_sdk::metrics::Temporality;

use crate::dynatrace::config::Config;
use crate::dynatrace::config::endpoint_file::EndpointFile;
use crate::dynatrace::config::options::Options;
use crate::dynatrace::config::protocol::{Compression, Format, Protocol};
use crate::dynatrace::error::ConfigError;

const TOKEN: &str = "dt0c01.PUBLICPART.SECRETSECRETSECRETSECRET";

fn find(options: Options, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let variables: Vec<(String, String)> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Config::resolve(options, &move |name| {
        let found = variables.iter().find(|(it, _)| it == name);
        found.map(|(_, value)| value.clone())
    })
}

fn options() -> Options {
    Options {
        format: Format::Otlp,
        endpoint_file: EndpointFile::at("/nonexistent/endpoint.properties"),
        ..Options::default()
    }
}

fn at(endpoint: &str) -> Options {
    Options {
        endpoint: Some(endpoint.into()),
        ..options()
    }
}

fn url(config: &Config) -> &str {
    config.target.endpoint.url().as_str()
}

fn settings(config: &Config) -> &Protocol {
    assert_eq!(config.protocol.format, Format::Otlp);
    &config.protocol
}

#[test]
fn the_endpoint_for_lines_names_the_endpoint_for_otlp() {
    for (given, expected) in [
        (
            "https://abc.live.dynatrace.com/api/v2/metrics/ingest",
            Some("https://abc.live.dynatrace.com/api/v2/otlp/v1/metrics"),
        ),
        (
            "https://gate:9999/e/abc/api/v2/metrics/ingest/",
            Some("https://gate:9999/e/abc/api/v2/otlp/v1/metrics"),
        ),
        (
            "https://gate:9999/e/abc/",
            Some("https://gate:9999/e/abc/api/v2/otlp/v1/metrics"),
        ),
        (
            "https://abc.live.dynatrace.com",
            Some("https://abc.live.dynatrace.com/api/v2/otlp/v1/metrics"),
        ),
        (
            "https://abc.live.dynatrace.com/api/v2/otlp",
            Some("https://abc.live.dynatrace.com/api/v2/otlp/v1/metrics"),
        ),
        (
            "https://abc.live.dynatrace.com/api/v2/otlp/v1/metrics",
            Some("https://abc.live.dynatrace.com/api/v2/otlp/v1/metrics"),
        ),
        (
            "http://localhost:4318/v1/metrics",
            Some("http://localhost:4318/v1/metrics"),
        ),
        (
            "https://abc.apps.dynatrace.com/platform/classic/environment-api/v2/metrics/ingest",
            Some(
                "https://abc.apps.dynatrace.com/platform/classic/environment-api/v2/otlp/v1/metrics",
            ),
        ),
        ("http://localhost:14499/metrics/ingest", None),
        ("https://abc.live.dynatrace.com/else", None),
        ("https://gate:9999/e//", None),
    ] {
        match (find(at(given), &[]), expected) {
            (Ok(config), Some(expected)) => assert_eq!(url(&config), expected),
            (Err(error), None) => assert!(error.to_string().contains("OTLP"), "{error}"),
            (other, _) => panic!("{given}: {other:?}"),
        }
    }
}

#[test]
fn the_first_source_with_an_endpoint_decides() {
    let collector = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:1/base/");
    let metrics = (
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
        "http://localhost:2/any",
    );
    let dynatrace = (
        "DT_METRICS_INGEST_URL",
        "https://abc.live.dynatrace.com/api/v2/metrics/ingest",
    );
    let token = ("DT_METRICS_INGEST_API_TOKEN", TOKEN);
    for (options, variables, expected, has_token) in [
        (
            at("https://def.live.dynatrace.com/api/v2/metrics/ingest"),
            &[collector, metrics, dynatrace, token][..],
            "https://def.live.dynatrace.com/api/v2/otlp/v1/metrics",
            true,
        ),
        (
            options(),
            &[collector, metrics, dynatrace, token],
            "http://localhost:2/any",
            false,
        ),
        (
            options(),
            &[collector, dynatrace, token],
            "http://localhost:1/base/v1/metrics",
            false,
        ),
        (
            options(),
            &[dynatrace, token],
            "https://abc.live.dynatrace.com/api/v2/otlp/v1/metrics",
            true,
        ),
        (options(), &[], "http://localhost:4318/v1/metrics", false),
        (
            options(),
            &[token],
            "http://localhost:4318/v1/metrics",
            false,
        ),
        (
            options(),
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", " ")],
            "http://localhost:4318/v1/metrics",
            false,
        ),
    ] {
        let config = find(options, variables).unwrap();
        assert_eq!(url(&config), expected);
        assert_eq!(config.target.token.is_some(), has_token, "{expected}");
    }
}

#[test]
fn a_collector_is_configured_by_the_variables() {
    let config = find(
        options(),
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector"),
            (
                "OTEL_EXPORTER_OTLP_HEADERS",
                "authorization=Bearer%20abcdefgh1234, x-tenant = a%2Cb%,nonsense",
            ),
            ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "1500"),
            (
                "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
                "cumulative",
            ),
        ],
    )
    .unwrap();
    let header = |name| settings(&config).headers[name].to_str().unwrap();
    assert_eq!(header("authorization"), "Bearer abcdefgh1234");
    assert_eq!(header("x-tenant"), "a,b%");
    assert_eq!(settings(&config).headers.len(), 2);
    assert_eq!(config.request_timeout.as_millis(), 1_500);
    assert_eq!(settings(&config).temporality, Temporality::Cumulative);
    let shown = format!("{config:?}");
    assert!(!shown.contains("abcdefgh1234"), "{shown}");
}

#[test]
fn the_programs_own_timeout_wins() {
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1500"),
    ];
    for (own, expected) in [(None, 1_500), (Some(Duration::from_secs(3)), 3_000)] {
        let options = Options {
            request_timeout: own,
            ..options()
        };
        let config = find(options, &variables).unwrap();
        assert_eq!(config.request_timeout.as_millis(), expected);
    }
}

#[test]
fn compression_follows_the_variables_for_both() {
    let metrics = "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION";
    let all = "OTEL_EXPORTER_OTLP_COMPRESSION";
    for (variables, expected) in [
        (&[][..], Compression::None),
        (&[(all, "gzip")], Compression::Gzip),
        (&[(all, "gzip"), (metrics, "none")], Compression::None),
        (&[(metrics, "gzip")], Compression::Gzip),
        (&[(all, "zstd")], Compression::None),
    ] {
        let collector = [
            variables,
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:1")],
        ];
        for config in [
            find(options(), &collector.concat()),
            find(at("https://abc.live.dynatrace.com"), variables),
        ] {
            let found = settings(&config.unwrap()).compression;
            assert_eq!(found, expected, "{variables:?}");
        }
    }
}

#[test]
fn compressed_bodies_are_small_and_complete() {
    let bytes = b"shop.orders.placed".repeat(1_000);
    let (packed, encoding) = Compression::Gzip.pack(&bytes).unwrap();
    assert_eq!(encoding, "gzip");
    assert!(packed.len() < bytes.len() / 10, "{}", packed.len());
    let mut whole = Vec::new();
    GzDecoder::new(&*packed).read_to_end(&mut whole).unwrap();
    assert_eq!(whole, bytes);
}

#[test]
fn no_token_goes_unencrypted_to_another_host() {
    let there = "http://other/api/v2/metrics/ingest";
    let with_token = |allow| Options {
        api_token: Some(TOKEN.into()),
        allow_cleartext_token: allow,
        ..at(there)
    };
    let error = find(with_token(false), &[]).unwrap_err();
    assert!(matches!(error, ConfigError::CleartextToken { .. }));
    assert!(find(with_token(true), &[]).is_ok());

    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Api-Token%20x"),
    ];
    let error = find(options(), &variables).unwrap_err();
    assert!(matches!(error, ConfigError::CleartextToken { .. }));
    assert!(find(options(), &variables[..1]).is_ok());
    let token_of_the_host = [variables[0], ("DT_METRICS_INGEST_API_TOKEN", TOKEN)];
    let config = find(options(), &token_of_the_host).unwrap();
    assert!(config.target.token.is_none());
}

#[test]
fn the_base_of_all_signals_may_be_the_endpoint_of_one() {
    for (base, expected) in [
        ("http://c:4318", "http://c:4318/v1/metrics"),
        ("http://c:4318/", "http://c:4318/v1/metrics"),
        ("http://c:4318/v1/metrics", "http://c:4318/v1/metrics"),
        ("http://c:4318/v1/metrics/", "http://c:4318/v1/metrics"),
        (
            "http://c:4318/x/v1/traces?y=z",
            "http://c:4318/x/v1/metrics?y=z",
        ),
        ("http://c:4318/v1/logs", "http://c:4318/v1/metrics"),
        ("\"http://c:4318\"", "http://c:4318/v1/metrics"),
        ("'http://c:4318/base'", "http://c:4318/base/v1/metrics"),
    ] {
        let config = find(options(), &[("OTEL_EXPORTER_OTLP_ENDPOINT", base)]).unwrap();
        assert_eq!(url(&config), expected, "{base}");
        assert_eq!(config.warnings(), [""; 0], "{base}");
    }
}

#[test]
fn quotes_around_values_are_not_a_part_of_them() {
    let variables = [
        (
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
            "'https://c/v1/metrics'",
        ),
        ("OTEL_EXPORTER_OTLP_HEADERS", "\"x-tenant=abc,x-other=def\""),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "\"1500\""),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "'gzip'"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "\"http/protobuf\""),
    ];
    let config = find(options(), &variables).unwrap();
    assert_eq!(url(&config), "https://c/v1/metrics");
    let header = |name| settings(&config).headers[name].to_str().unwrap();
    assert_eq!((header("x-tenant"), header("x-other")), ("abc", "def"));
    assert_eq!(config.request_timeout.as_millis(), 1_500);
    assert_eq!(settings(&config).compression, Compression::Gzip);
    assert_eq!(config.warnings(), [""; 0]);
}

#[test]
fn a_value_that_is_not_usable_is_a_warning_that_names_the_variable() {
    let collector = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:1");
    for (variable, value) in [
        ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "soon"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"),
        (
            "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
            "sometimes",
        ),
        ("OTEL_EXPORTER_OTLP_HEADERS", "nonsense"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "/some/file"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nonexistent/file.pem"),
        ("OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE", "/dev/null"),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "localhost:4318"),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "ftp://c/v1/metrics"),
    ] {
        let config = find(options(), &[collector, (variable, value)]).unwrap();
        let warnings = config.warnings();
        let [warning] = &*warnings else {
            panic!("{variable}: {warnings:?}");
        };
        assert!(warning.contains(variable), "{warning}");
    }
}

#[test]
fn an_endpoint_that_is_not_usable_gives_way_to_the_next_one() {
    let dynatrace = ("DT_METRICS_INGEST_URL", "https://abc.live.dynatrace.com");
    let invalid = ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4317");
    for (variables, expected) in [
        (
            &[invalid, dynatrace][..],
            "https://abc.live.dynatrace.com/api/v2/otlp/v1/metrics",
        ),
        (&[invalid], "http://localhost:4318/v1/metrics"),
    ] {
        let config = find(options(), variables).unwrap();
        assert_eq!(url(&config), expected);
        let warnings = config.warnings();
        let [warning] = &*warnings else {
            panic!("{warnings:?}");
        };
        assert!(warning.contains("OTEL_EXPORTER_OTLP_ENDPOINT"), "{warning}");
    }
}

#[test]
fn the_port_for_grpc_is_named_with_the_port_for_http() {
    for endpoint in ["http://localhost:4317", "https://collector:4317/v1/metrics"] {
        let config = find(options(), &[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)]).unwrap();
        let warnings = config.warnings();
        let [warning] = &*warnings else {
            panic!("{warnings:?}");
        };
        assert!(
            warning.contains("gRPC") && warning.contains("4318"),
            "{warning}"
        );
    }
}
