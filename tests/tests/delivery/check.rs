//! The reports of `check` for configurations that work, and for configurations that do not.

use crate::common::tls::{Authority, TlsServer};
use crate::common::{ingest_url, unused_port};
use dt_metrics::CheckReport;
use dt_metrics::dynatrace::{Problem, Verdict};
use dt_metrics_local::Server;

const TOKEN: &str = "dt0c01.PUBLICPART.SECRETSECRETSECRETSECRET";
const OTHER: &str = "dt0c01.OTHERPART.SECRETSECRETSECRETSECRET";

fn server() -> Server {
    Server::builder()
        .token(TOKEN)
        .token_without_scope(OTHER)
        .start()
        .unwrap()
}

fn check(endpoint: &str, token: Option<&str>) -> CheckReport {
    let mut builder = dt_metrics::builder().endpoint(endpoint);
    if let Some(token) = token {
        builder = builder.api_token(token);
    }
    let report = builder.check();
    assert!(!format!("{report}{report:?}").contains("SECRET"));
    report
}

#[test]
fn a_working_configuration_is_reported_step_by_step_with_a_line() {
    let server = server();
    let report = check(&server.url(), Some(TOKEN));
    assert!(report.is_ok(), "{report}");
    let steps: Vec<_> = report
        .steps()
        .iter()
        .map(|it| (it.name, it.verdict))
        .collect();
    let names = [
        "endpoint",
        "token source",
        "connection",
        "path",
        "token",
        "test line",
    ];
    assert_eq!(
        steps[..6],
        names.map(|name| (name, Verdict::Ok)),
        "{report}"
    );
    assert_eq!(steps[6].0, "clock");
    let lines = server.lines();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].key, "dt_metrics.check");
    assert!(server.rejected().is_empty());
}

#[test]
fn over_otlp_the_certificate_is_also_checked() {
    let authority = Authority::new();
    let server = TlsServer::start(authority.identity("localhost"));
    let builder = || {
        dt_metrics::builder()
            .endpoint(server.url("localhost"))
            .api_token(TOKEN)
            .otlp()
    };
    let report = builder().check();
    assert_eq!(report.problem(), Some(Problem::UntrustedCertificate));
    let report = builder().add_root_certificate_pem(authority.pem()).check();
    assert!(report.is_ok(), "{report}");
    let requests = server.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert!(requests[0].starts_with("POST /api/v2/otlp/v1/metrics "));
}

#[test]
fn each_cause_has_its_name_and_its_fix() {
    let server = server();
    let url = server.url();
    let wrong_path = url.replace("/ingest", "");
    let refused = ingest_url(unused_port()).replace("/api/v2", "");
    let tls = TlsServer::start(Authority::new().identity("localhost"));
    let untrusted = tls.url("localhost");
    for (endpoint, token, problem, fix) in [
        (&*url, Some("dt0c01.NO.NO"), Problem::WrongToken, "wrong"),
        (&url, Some(OTHER), Problem::MissingScope, "metrics.ingest"),
        (&url, None, Problem::MissingToken, "no token is given"),
        (
            &wrong_path,
            Some(TOKEN),
            Problem::WrongPath,
            "ends in /api/v2/metrics/ingest",
        ),
        (&refused, None, Problem::ConnectionRefused, "cannot connect"),
        (
            &untrusted,
            Some(TOKEN),
            Problem::UntrustedCertificate,
            "add_root_certificate_pem",
        ),
        (
            "http://other.example/api/v2/metrics/ingest",
            Some(TOKEN),
            Problem::CleartextToken,
            "use https",
        ),
        (
            "https://name.invalid/api/v2/metrics/ingest",
            Some(TOKEN),
            Problem::Unreachable,
            "cannot connect",
        ),
    ] {
        let report = check(endpoint, token);
        assert_eq!(report.problem(), Some(problem), "{report}");
        assert!(report.to_string().contains(fix), "{report}");
    }
    assert!(tls.requests().is_empty());
    assert!(server.lines().is_empty());
}

#[test]
fn check_works_inside_a_runtime() {
    let server = server();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let report = runtime.block_on(async { check(&server.url(), Some(TOKEN)) });
    assert!(report.is_ok(), "{report}");
}
