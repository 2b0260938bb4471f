use crate::dynatrace::config::endpoint_file::EndpointProperties;
use crate::dynatrace::config::environment::{TOKEN_VARIABLE, URL_VARIABLE, unquoted};
use crate::dynatrace::config::options::Options;
use crate::dynatrace::config::target::{Source, Target, TargetResolver};
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
    TargetResolver::new(&options, &variable).target(&properties)
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
fn the_file_matters_unless_all_is_said_before() {
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
        let resolver = TargetResolver::new(&options, &|_| None);
        assert_eq!(resolver.file().is_some(), matters, "{endpoint:?} {token:?}");
    }
}

#[test]
fn a_token_of_the_host_does_not_stop_a_program_with_an_endpoint_of_its_own() {
    let target =
        target((Some(CLEARTEXT), None), NOTHING, (Some(URL), Some("file"))).expect("valid");
    assert!(target.token.is_none());
    assert_eq!(target.describe_token(), "not sent unencrypted");
    assert!(target.warning().is_none());
}

#[test]
fn a_token_that_was_meant_for_it_goes_nowhere_it_can_be_read() {
    for (program, variables, file) in [
        ((Some(CLEARTEXT), Some("t")), NOTHING, NOTHING),
        ((Some(CLEARTEXT), None), (None, Some("e")), NOTHING),
        (NOTHING, NOTHING, (Some(CLEARTEXT), Some("file"))),
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
fn what_is_probably_not_meant_is_said() {
    let astray = target((Some(URL), None), NOTHING, (Some(OTHER), Some("file"))).expect("valid");
    assert!(
        astray
            .warning()
            .is_some_and(|warning| warning.contains("another endpoint"))
    );
    let meant = target((Some(URL), None), NOTHING, (Some(URL), Some("file"))).expect("valid");
    assert_eq!(meant.warning(), None);
    let nowhere = target((None, Some("t")), NOTHING, NOTHING).expect("valid");
    assert!(
        nowhere
            .warning()
            .is_some_and(|warning| warning.contains(URL_VARIABLE))
    );
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
