//! `dt-metrics-local check`, as a process that finds its configuration in the environment.
#![cfg(feature = "check")]
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panic")]

use std::process::Command;

use dt_metrics_local::Server;

const URL: &str = "DT_METRICS_INGEST_URL";
const TOKEN: &str = "DT_METRICS_INGEST_API_TOKEN";

/// Whether the configuration works, and the output.
fn check(environment: &[(&str, &str)]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_dt-metrics-local"))
        .arg("check")
        .env_remove(URL)
        .env_remove(TOKEN)
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn check_reports_the_source_of_each_value_and_sends_a_line() {
    let server = Server::builder().token("secret-token").start().unwrap();
    let (ok, said) = check(&[(URL, &server.url()), (TOKEN, "secret-token")]);
    assert!(ok, "{said}");
    assert!(
        said.contains(&format!("{}, from {URL}", server.url())),
        "{said}"
    );
    assert!(said.contains(&format!("found, from {TOKEN}")), "{said}");
    assert!(!said.contains("secret-token"), "{said}");
    assert_eq!(server.lines()[0].key, "dt_metrics.check");
}

#[test]
fn a_broken_configuration_exits_with_a_failure_and_names_the_fix() {
    let server = Server::builder()
        .token("secret-token")
        .token_without_scope("other-token")
        .start()
        .unwrap();
    let url = server.url();
    for (environment, fix) in [
        (
            &[(URL, &*url), (TOKEN, "wrong-token")][..],
            "the token is wrong",
        ),
        (&[(URL, &url), (TOKEN, "other-token")], "metrics.ingest"),
        (&[(URL, &url)], "no token is given"),
        (
            &[
                (URL, "http://other.example/api/v2/metrics/ingest"),
                (TOKEN, "secret-token"),
            ],
            "use https",
        ),
        (&[(URL, "no url")], "it is not a URL"),
    ] {
        let (ok, said) = check(environment);
        assert!(!ok, "{said}");
        assert!(said.contains("FAILED") && said.contains(fix), "{said}");
        assert!(said.contains("to be fixed: "), "{said}");
    }
    assert!(server.lines().is_empty());
}
