use crate::dynatrace::config::endpoint_file::EndpointProperties;
use crate::dynatrace::config::environment::{TOKEN_VARIABLE, URL_VARIABLE};
use crate::dynatrace::config::options::Options;
use crate::dynatrace::config::source::Source;
use crate::dynatrace::config::target::{Target, TargetResolver};
use crate::dynatrace::config::unquoted::unquoted;
use crate::dynatrace::error::ConfigError;

const URL: &str = "https://a.live.dynatrace.com/api/v2/metrics/ingest";
const OTHER: &str = "https://b.live.dynatrace.com/api/v2/metrics/ingest";
const CLEARTEXT: &str = "http://collector.example/api/v2/metrics/ingest";

/// Endpoint and token, as one place says them.
type Said<'a> = (Option<&'a str>, Option<&'a str>);

fn target(program: Said<'_>, environment: Said<'_>, file: Said<'_>) -> Result<Target, ConfigError> {
    let options = Options {
        endpoint: program.0.map(Into::into),
        api_token: program.1.map(Into::into),
        ..Options::default()
    };
    let variable = |name: &str| match name {
        URL_VARIABLE => environment.0.map(str::to_owned),
        TOKEN_VARIABLE => environment.1.map(str::to_owned),
        _ => None,
    };
    let properties = EndpointProperties {
        url: file.0.map(Into::into),
        token: file.1.map(Into::into),
        ..EndpointProperties::default()
    };
    TargetResolver::new(&options, &variable, &mut Vec::new()).target(&properties)
}

const NOTHING: Said<'_> = (None, None);

#[test]
fn each_value_comes_from_the_first_place_that_has_it() {
    let environment = Source::Environment(URL_VARIABLE);
    let token_environment = Source::Environment(TOKEN_VARIABLE);
    let file = (Some(OTHER), Some("file"));
    for (program, variables, file, endpoint, token) in [
        (
            (Some(URL), Some("t")),
            (Some(OTHER), Some("e")),
            file,
            Source::Program,
            Some(Source::Program),
        ),
        (
            NOTHING,
            (Some(URL), Some("e")),
            file,
            environment,
            Some(token_environment),
        ),
        (
            NOTHING,
            (Some(" "), Some("\"\"")),
            file,
            Source::File,
            Some(Source::File),
        ),
        (
            NOTHING,
            (None, Some("e")),
            file,
            Source::File,
            Some(token_environment),
        ),
        (
            (Some(URL), None),
            NOTHING,
            file,
            Source::Program,
            Some(Source::File),
        ),
        (NOTHING, NOTHING, (Some(URL), None), Source::File, None),
        (NOTHING, NOTHING, NOTHING, Source::Default, None),
    ] {
        let target = target(program, variables, file).expect("valid");
        let sources = (target.endpoint_source, target.token_source);
        assert_eq!(
            sources,
            (endpoint, token),
            "{program:?} {variables:?} {file:?}"
        );
    }
}

#[test]
fn the_file_matters_unless_everything_is_configured_before() {
    for (endpoint, token, matters) in [
        (Some(URL), Some("t"), false),
        (Some(URL), None, true),
        (None, Some("t"), true),
        (None, None, true),
    ] {
        let options = Options {
            endpoint: endpoint.map(Into::into),
            api_token: token.map(Into::into),
            ..Options::default()
        };
        let resolver = TargetResolver::new(&options, &|_| None, &mut Vec::new());
        assert_eq!(resolver.file().is_some(), matters, "{endpoint:?} {token:?}");
    }
}

#[test]
fn a_token_of_the_host_does_not_stop_a_program_with_an_endpoint_of_its_own() {
    let target =
        target((Some(CLEARTEXT), None), NOTHING, (Some(URL), Some("file"))).expect("valid");
    assert!(target.token.is_none());
    assert_eq!(target.describe_token(), "not sent unencrypted");
    assert_eq!(target.warnings(), [""; 0]);
}

#[test]
fn a_token_is_never_sent_in_cleartext() {
    for (program, variables, file) in [
        ((Some(CLEARTEXT), Some("t")), NOTHING, NOTHING),
        ((Some(CLEARTEXT), None), (None, Some("e")), NOTHING),
        (NOTHING, (None, Some("e")), (Some(CLEARTEXT), Some("file"))),
        (
            (Some("http://c.example/metrics?api-token=a"), None),
            NOTHING,
            NOTHING,
        ),
    ] {
        let refused = target(program, variables, file);
        assert!(
            matches!(refused, Err(ConfigError::CleartextToken { .. })),
            "{program:?} {variables:?} {file:?}: {refused:?}"
        );
    }
}

#[test]
fn probable_mistakes_are_reported() {
    let astray = target((Some(URL), None), NOTHING, (Some(OTHER), Some("file"))).expect("valid");
    let [warning] = &*astray.warnings() else {
        panic!("{:?}", astray.warnings());
    };
    assert!(warning.contains("another endpoint"), "{warning}");
    let meant = target((Some(URL), None), NOTHING, (Some(URL), Some("file"))).expect("valid");
    assert_eq!(meant.warnings(), [""; 0]);
    let nowhere = target((None, Some("t")), NOTHING, NOTHING).expect("valid");
    let [warning] = &*nowhere.warnings() else {
        panic!("{:?}", nowhere.warnings());
    };
    assert!(warning.contains(URL_VARIABLE), "{warning}");
}

#[test]
fn an_endpoint_and_a_token_that_the_file_names_together_are_used() {
    const GATE: &str = "http://activegate.dynatrace.svc/e/abc/api/v2/metrics/ingest";
    for file in [
        (Some(GATE), Some("file")),
        (Some("http://10.0.0.1/e/abc?api-token=file"), None),
    ] {
        let used = target(NOTHING, NOTHING, file).expect("valid");
        assert_eq!(used.token.is_some(), file.1.is_some());
        let [warning] = &*used.warnings() else {
            panic!("{:?}", used.warnings());
        };
        assert!(warning.contains("unencrypted"), "{warning}");
        assert!(!warning.contains("api-token=file"), "{warning}");
    }
    // The program or the environment chose a part.
    for (program, variables) in [
        ((None, Some("t")), NOTHING),
        (NOTHING, (None, Some("e"))),
        ((Some(GATE), Some("t")), NOTHING),
        (NOTHING, (Some(GATE), Some("e"))),
    ] {
        let refused = target(program, variables, (Some(GATE), Some("file")));
        assert!(
            matches!(refused, Err(ConfigError::CleartextToken { .. })),
            "{program:?} {variables:?}: {refused:?}"
        );
    }
}

#[test]
fn a_token_for_another_kind_of_endpoint_is_explained() {
    const ACCESS: &str = "dt0c01.PUBLIC.SECRETSECRETSECRET";
    const PLATFORM: &str = "dt0s16.PUBLIC.SECRETSECRETSECRET";
    const PLATFORM_URL: &str =
        "https://a.apps.dynatrace.com/platform/classic/environment-api/v2/metrics/ingest";
    for (endpoint, token, proper) in [
        (URL, ACCESS, None),
        (PLATFORM_URL, PLATFORM, None),
        (URL, "anything", None),
        (
            "https://gate:9999/e/abc/api/v2/metrics/ingest",
            PLATFORM,
            None,
        ),
        (URL, PLATFORM, Some(PLATFORM_URL)),
        (PLATFORM_URL, ACCESS, Some(URL)),
        ("https://a.apps.dynatrace.com/", ACCESS, Some(URL)),
    ] {
        let target = target((Some(endpoint), Some(token)), NOTHING, NOTHING).expect("valid");
        let warnings = target.warnings();
        assert_eq!(
            warnings.len(),
            usize::from(proper.is_some()),
            "{warnings:?}"
        );
        for warning in warnings {
            assert!(
                proper.is_some_and(|proper| warning.contains(proper)),
                "{warning}"
            );
            assert!(!warning.contains("SECRET"), "{warning}");
        }
    }
}

#[test]
fn a_one_agent_gets_no_token() {
    let target = target(NOTHING, (None, Some("e")), NOTHING).expect("valid");
    assert!(target.token.is_none() && target.is_unconfigured());
    assert_eq!(target.describe_token(), "not sent to a OneAgent");
}

#[test]
fn values_are_read_without_space_and_quotes() {
    for (text, value) in [
        ("a", Some("a")),
        (" a\n", Some("a")),
        ("\"a b\"", Some("a b")),
        ("' a '", Some("a")),
        ("\"a", Some("\"a")),
        ("\"", Some("\"")),
        ("\"\"", None),
        (" ", None),
        ("", None),
    ] {
        assert_eq!(unquoted(text), value, "{text:?}");
    }
}
