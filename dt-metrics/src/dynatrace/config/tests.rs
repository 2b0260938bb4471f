use std::time::Duration;

use crate::dynatrace::config::Config;
use crate::dynatrace::config::endpoint_file::EndpointFile;
use crate::dynatrace::config::environment::{
    TOKEN_OPTION, TOKEN_VARIABLE, URL_OPTION, URL_VARIABLE,
};
use crate::dynatrace::config::host_metadata::MetadataFiles;
use crate::dynatrace::config::options::Options;
use crate::dynatrace::config::source::Source;
use crate::dynatrace::error::ConfigError;

const URL: &str = "https://a.live.dynatrace.com/api/v2/metrics/ingest";

fn resolve(options: Options, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::resolve(options, &|name| {
        variables
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| (*value).to_owned())
    })
}

fn options(endpoint: Option<&str>, token: Option<&str>) -> Options {
    Options {
        endpoint: endpoint.map(Into::into),
        api_token: token.map(Into::into),
        ..Options::default()
    }
}

#[test]
fn the_program_goes_before_the_environment_and_that_before_the_one_agent() {
    let both = [
        (URL_VARIABLE, "http://localhost:1/x"),
        (TOKEN_VARIABLE, "from-environment"),
    ];
    let blank = [(URL_VARIABLE, " "), (TOKEN_VARIABLE, "")];
    let cases = [
        (
            options(Some(URL), Some("t")),
            &both[..],
            Source::Program,
            Some(Source::Program),
        ),
        (
            options(None, None),
            &both[..],
            Source::Environment(URL_VARIABLE),
            Some(Source::Environment(TOKEN_VARIABLE)),
        ),
        (
            options(Some(URL), None),
            &both[..],
            Source::Program,
            Some(Source::Environment(TOKEN_VARIABLE)),
        ),
        (options(None, None), &blank[..], Source::Default, None),
        (options(None, None), &[], Source::Default, None),
    ];
    for (options, variables, endpoint, token) in cases {
        let config = resolve(options, variables).expect("valid");
        assert_eq!(
            (config.target.endpoint_source, config.target.token_source),
            (endpoint, token)
        );
    }
    let config = resolve(Options::default(), &[]).expect("valid");
    assert_eq!(
        config.target.endpoint.to_string(),
        "http://localhost:14499/metrics/ingest"
    );
    assert!(config.target.is_unconfigured());
}

#[test]
fn a_token_goes_nowhere_it_can_be_read() {
    let cases = [
        ("https://a.example/api/v2/metrics/ingest", true, true),
        ("http://127.0.0.1:9/api/v2/metrics/ingest", true, true),
        ("http://localhost:14499/metrics/ingest", true, false),
        ("http://a.example/api/v2/metrics/ingest", false, false),
        ("http://10.0.0.1/metrics/ingest", false, false),
    ];
    for (url, valid, sent) in cases {
        match resolve(options(Some(url), Some("t")), &[]) {
            Ok(config) => assert_eq!(
                (valid, config.target.token.is_some()),
                (true, sent),
                "{url}"
            ),
            Err(ConfigError::CleartextToken { .. }) => assert!(!valid, "{url}"),
            Err(other) => panic!("{url}: {other}"),
        }
        let allowed = Options {
            allow_cleartext_token: true,
            ..options(Some(url), Some("t"))
        };
        assert!(resolve(allowed, &[]).is_ok(), "{url}");
        assert!(resolve(options(Some(url), None), &[]).is_ok(), "{url}");
    }
}

#[test]
fn a_variable_that_is_not_usable_is_a_warning_and_the_next_place_counts() {
    let fallback = [
        (URL_OPTION, "ftp://SECRET/y"),
        (URL_VARIABLE, "http://localhost:1/api/v2/metrics/ingest"),
        (TOKEN_OPTION, "SECRET SECRET"),
        (TOKEN_VARIABLE, "usable"),
    ];
    let nothing = [(URL_VARIABLE, "SECRET"), (TOKEN_VARIABLE, "https://SECRET")];
    for (variables, endpoint, token, ignored) in [
        (
            &fallback[..],
            Source::Environment(URL_VARIABLE),
            Some(Source::Environment(TOKEN_VARIABLE)),
            [URL_OPTION, TOKEN_OPTION],
        ),
        (
            &nothing[..],
            Source::Default,
            None,
            [URL_VARIABLE, TOKEN_VARIABLE],
        ),
    ] {
        let options = Options {
            endpoint_file: EndpointFile::at("/nonexistent/endpoint.properties"),
            ..Options::default()
        };
        let config = resolve(options, variables).expect("warnings");
        let sources = (config.target.endpoint_source, config.target.token_source);
        assert_eq!(sources, (endpoint, token));
        let warnings = config.warnings();
        for variable in ignored {
            let named = format!("ignoring {variable}, ");
            assert!(
                warnings.iter().any(|it| it.contains(&named)),
                "{warnings:?}"
            );
        }
        assert!(!format!("{warnings:?}").contains("SECRET"), "{warnings:?}");
    }
}

#[test]
fn an_unusable_value_of_the_program_is_an_error_with_its_source() {
    let error = resolve(options(Some("ftp://x/y"), None), &[]).expect_err("a scheme");
    assert!(error.to_string().contains("the program"), "{error}");
    assert_eq!(
        format!("{error:?}"),
        error.to_string(),
        "what `main` prints"
    );
    assert!(std::error::Error::source(&error).is_some());
    let error = resolve(options(None, Some("a b")), &[]).expect_err("a space");
    assert!(error.to_string().contains("the program"), "{error}");

    let default = Options::default;
    for (options, expected) in [
        (
            Options {
                request_timeout: Some(Duration::ZERO),
                ..default()
            },
            "request_timeout",
        ),
        (
            Options {
                max_lines_per_request: Some(0),
                ..default()
            },
            "max_lines_per_request",
        ),
        (
            Options {
                max_bytes_per_request: 0,
                ..default()
            },
            "max_bytes_per_request",
        ),
        (
            Options {
                buffer_limit_bytes: 0,
                ..default()
            },
            "buffer_limit_bytes",
        ),
    ] {
        match resolve(options, &[]) {
            Err(ConfigError::Zero { option }) => assert_eq!(option, expected),
            other => panic!("{expected}: {other:?}"),
        }
    }
}

#[test]
fn errors_of_prefix_and_dimensions_propose_a_usable_value() {
    for (prefix, rule, fix) in [
        ("my shop", "is made of", "use \"my_shop\""),
        ("1shop", "begins with", "use \"_shop\""),
        ("shop..eu", "two dots", "use \"shop.eu\""),
        ("dt.shop", "reserved", "choose another"),
        ("dt", "reserved", "choose another"),
        (".", "at least one", "prefix"),
    ] {
        let options = Options {
            prefix: Some(prefix.into()),
            ..Options::default()
        };
        let error = resolve(options, &[]).expect_err(prefix).to_string();
        assert!(error.contains(&format!("{prefix:?}")), "{error}");
        assert!(error.contains(rule) && error.contains(fix), "{error}");
    }
    for (key, rule, fix) in [
        ("Region", "lower case", "use \"region\""),
        ("a b", "is made of", "use \"a_b\""),
        ("", "at least one", "dimension"),
    ] {
        let options = Options {
            default_dimensions: vec![("ok".into(), "x".into()), (key.into(), "x".into())],
            ..Options::default()
        };
        let error = resolve(options, &[]).expect_err(key).to_string();
        assert!(error.contains(&format!("{key:?}")), "{error}");
        assert!(error.contains(rule) && error.contains(fix), "{error}");
    }
}

#[test]
fn a_request_fits_the_buffer() {
    let options = Options {
        buffer_limit_bytes: 100,
        ..Options::default()
    };
    assert_eq!(
        resolve(options, &[])
            .expect("valid")
            .options
            .max_bytes_per_request,
        100
    );
}

#[test]
fn a_dot_at_the_end_of_a_prefix_is_not_doubled() {
    for (prefix, expected) in [("shop", Some("shop")), ("shop.", Some("shop")), ("", None)] {
        let options = Options {
            prefix: Some(prefix.into()),
            ..Options::default()
        };
        assert_eq!(
            resolve(options, &[])
                .expect("valid")
                .options
                .prefix
                .as_deref(),
            expected
        );
    }
}

#[test]
fn the_dimensions_of_every_line_leave_room() {
    let numbered = |key: &str, count: usize| -> Vec<_> {
        (0..count)
            .map(|index| (format!("{key}{index}"), "v".to_owned()))
            .collect()
    };
    // One more is the source of the metric.
    for (defaults, host, instance, sent) in [
        (48, 0, false, Ok(0)),
        (49, 0, false, Err(50)),
        (48, 0, true, Err(50)),
        (0, 30, false, Ok(30)),
        (18, 30, false, Ok(30)),
        // The program did not choose the host's.
        (20, 30, false, Ok(28)),
        (20, 30, true, Ok(27)),
        (48, 30, false, Ok(0)),
        (200, 0, false, Err(201)),
    ] {
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        let file = folder.path().join("dt_metadata.properties");
        let lines: Vec<_> = numbered("k8s.k", host)
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        std::fs::write(&file, lines.join("\n")).expect("just made");
        let options = Options {
            default_dimensions: numbered("k", defaults),
            metadata_files: MetadataFiles::in_directory(folder.path()),
            instance_dimension: instance,
            ..Options::default()
        };
        match (resolve(options, &[]), sent) {
            (Ok(config), Ok(sent)) => {
                assert_eq!(config.host_dimensions.len(), sent);
                let warnings = config.warnings();
                assert_eq!(warnings.len(), usize::from(sent < host), "{warnings:?}");
            }
            (Err(ConfigError::TooManyDefaultDimensions { count }), Err(expected)) => {
                assert_eq!(count, expected);
            }
            (other, _) => panic!("{defaults} {host} {instance}: {other:?}"),
        }
    }
}

#[test]
fn the_metadata_of_the_host_is_read_unless_disabled() {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let file = folder.path().join("dt_metadata.properties");
    std::fs::write(&file, "k8s.pod.name=shop-0").expect("just made");
    for (endpoint, wanted, read) in [
        (None, None, true),
        (Some("http://localhost:14499/metrics/ingest"), None, true),
        (Some(URL), None, true),
        (Some(URL), Some(true), true),
        (None, Some(false), false),
        (Some(URL), Some(false), false),
    ] {
        let options = Options {
            dynatrace_metadata: wanted,
            metadata_files: MetadataFiles::in_directory(folder.path()),
            ..options(endpoint, None)
        };
        let config = resolve(options, &[]).expect("valid");
        assert_eq!(!config.host_dimensions.is_empty(), read, "{endpoint:?}");
        assert_eq!(config.host_file.is_some(), read, "{endpoint:?}");
    }
}

#[test]
fn an_endpoint_without_a_path_is_a_warning() {
    let pathless = Some("https://gate.example:9999");
    let warning = resolve(options(pathless, Some("t")), &[])
        .expect("valid")
        .warnings();
    assert!(warning[0].contains("/api/v2/metrics/ingest"), "{warning:?}");
    let config = resolve(options(Some(URL), Some("t")), &[]).expect("valid");
    assert_eq!(config.warnings(), [""; 0]);
}
