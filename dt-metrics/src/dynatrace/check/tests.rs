use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, SystemTime};
use std::{env, thread};

use crate::dynatrace::check::check;
use crate::dynatrace::check::report::{CheckReport, Problem, Step, Verdict};
use crate::dynatrace::config::endpoint::Endpoint;
use crate::dynatrace::config::endpoint_file::EndpointFile;
use crate::dynatrace::config::host_metadata::MetadataFiles;
use crate::dynatrace::config::options::Options;
use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::request::RequestId;
use crate::dynatrace::spool::directory::Directory;
use crate::dynatrace::spool::recipient::Recipient;

const TOKEN: &str = "dt0c01.PUBLICPART.SECRETSECRETSECRETSECRET";

fn tried(endpoint: Option<&str>, token: Option<&str>) -> CheckReport {
    tried_in(Format::Lines, endpoint, token, &[])
}

fn tried_in(
    format: Format,
    endpoint: Option<&str>,
    token: Option<&str>,
    variables: &[(&str, &str)],
) -> CheckReport {
    let options = Options {
        format,
        endpoint: endpoint.map(Into::into),
        api_token: token.map(Into::into),
        endpoint_file: EndpointFile::at("/nonexistent/endpoint.properties"),
        request_timeout: Some(Duration::from_secs(1)),
        ..Options::default()
    };
    let report = check(options, &|name| {
        let variable = variables.iter().find(|(it, _)| *it == name);
        variable.map(|(_, value)| (*value).to_owned())
    });
    let shown = format!("{report} {report:?}");
    assert!(!shown.contains("SECRET"), "{shown}");
    report
}

/// Answers one request like this.
fn answering(head: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).expect("a request");
        stream.write_all(head.as_bytes()).expect("an answer");
    });
    format!("http://{address}/api/v2/metrics/ingest")
}

#[test]
fn errors_before_anything_is_sent() {
    for (endpoint, token, problem) in [
        (
            "http://other/api/v2/metrics/ingest",
            Some(TOKEN),
            Problem::CleartextToken,
        ),
        ("htp://other", None, Problem::InvalidEndpoint),
        (
            "https://other/api/v2/metrics/ingest",
            Some("a b"),
            Problem::WrongToken,
        ),
    ] {
        let report = tried(Some(endpoint), token);
        assert_eq!(report.problem(), Some(problem), "{report}");
        let rest = &report.steps()[1..];
        assert!(rest.iter().all(|step| step.verdict == Verdict::NotTried));
    }
}

#[test]
fn a_silent_server_is_not_waited_for_long() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let url = format!("http://{address}/api/v2/metrics/ingest");
    let report = tried(Some(&url), None);
    assert_eq!(report.problem(), Some(Problem::NoAnswer), "{report}");
}

#[test]
fn clocks_are_compared() {
    let hour = Duration::from_secs(3_600);
    let now = SystemTime::now();
    for (date, expected) in [
        (now, Verdict::Ok),
        (now + hour / 12, Verdict::Warning),
        (now + 2 * hour, Verdict::Failed(Problem::ClockSkew)),
        (now - hour / 12, Verdict::Warning),
        (now - hour, Verdict::Failed(Problem::ClockSkew)),
    ] {
        let date = httpdate::fmt_http_date(date);
        let url = answering(format!(
            "HTTP/1.1 202 Accepted\r\ndate: {date}\r\ncontent-length: 0\r\n\r\n"
        ));
        let report = tried(Some(&url), Some(TOKEN));
        let clock = report.steps().last().expect("the last step");
        assert_eq!((clock.name, clock.verdict), ("clock", expected), "{report}");
        assert_eq!(report.is_ok(), !matches!(expected, Verdict::Failed(_)));
    }
}

#[test]
fn the_local_endpoint_is_not_taken_for_dynatrace() {
    let answer =
        "HTTP/1.1 202 Accepted\r\nserver: dt-metrics-local/9.9\r\ncontent-length: 0\r\n\r\n";
    for (answer, is_local) in [
        (answer.to_owned(), true),
        (answer.replace("dt-metrics-local/9.9", "ActiveGate"), false),
    ] {
        let report = tried(Some(&answering(answer)), Some(TOKEN));
        assert!(report.is_ok(), "{report}");
        let receiver = report.steps().iter().find(|step| step.name == "receiver");
        let verdict = receiver.map(|step| step.verdict);
        assert_eq!(verdict, is_local.then_some(Verdict::Warning), "{report}");
        let text = report.to_string();
        assert_eq!(text.ends_with("not at Dynatrace"), is_local, "{text}");
        assert_eq!(text.contains("Dynatrace may not"), is_local, "{text}");
        assert_eq!(text.contains("with the scope"), !is_local, "{text}");
    }
}

#[test]
fn metrics_that_are_turned_off_are_the_problem() {
    for (value, problem) in [
        ("true", Some(Problem::Configuration)),
        ("TRUE", Some(Problem::Configuration)),
        (" \"True\" ", Some(Problem::Configuration)),
        ("false", None),
        ("", None),
        ("1", None),
        ("yes", None),
    ] {
        let url = answering("HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n".into());
        let variables = [("OTEL_SDK_DISABLED", value)];
        let report = tried_in(Format::Lines, Some(&url), None, &variables);
        assert_eq!(report.problem(), problem, "{value:?}: {report}");
        let text = report.to_string();
        let is_named = text.contains("OTEL_SDK_DISABLED");
        let is_invalid = matches!(value, "1" | "yes");
        assert_eq!(is_named, problem.is_some() || is_invalid, "{text}");
    }
}

#[test]
fn variables_that_are_not_usable_are_warnings_that_name_them() {
    for (variable, value, said) in [
        ("HTTPS_PROXY", "socks5://p", "neither http nor https"),
        ("https_proxy", "no proxy", "not a URL"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "soon", "milliseconds"),
    ] {
        let url = "https://no-such-host.invalid/api/v2/metrics/ingest";
        let report = tried_in(Format::Lines, Some(url), None, &[(variable, value)]);
        let is_warning = |step: &&Step| step.verdict == Verdict::Warning;
        let step = report.steps().iter().find(is_warning).expect("a warning");
        assert!(
            step.text.contains(variable) && step.text.contains(said),
            "{report}"
        );
        assert!(
            report.steps().iter().all(|step| step.name != "proxy"),
            "{report}"
        );
    }
}

#[test]
fn the_dimensions_of_the_host_are_listed() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("dt_metadata.properties");
    std::fs::write(&file, "k8s.pod.name=shop-0\ndt.entity.host=HOST-1\nteam=a").expect("just made");
    for (wanted, said) in [
        (None, "2 dimensions from"),
        (Some(true), "k8s.pod.name, dt.entity.host"),
        (Some(true), "1 entries are not used"),
        (Some(false), "ignoring "),
    ] {
        let options = Options {
            endpoint: Some("http://127.0.0.1:1/metrics/ingest".into()),
            metadata_files: MetadataFiles::in_directory(folder.path()),
            dynatrace_metadata: wanted,
            ..Options::default()
        };
        let report = check(options, &|_| None);
        let step = report.steps().iter().find(|it| it.name == "host metadata");
        let text = &step.expect("a step").text;
        assert!(
            text.contains(said) && text.contains("dt_metadata.properties"),
            "{text}"
        );
    }
}

#[test]
fn a_one_agent_that_does_not_answer_is_explained() {
    for (endpoint, said) in [
        (
            "http://127.0.0.1:1/metrics/ingest",
            "Extension Execution Controller",
        ),
        ("http://127.0.0.1:1/metrics/ingest", "its port"),
        ("http://127.0.0.1:1/metrics/ingest", "a pod or a container"),
        (
            "http://no-such-node.invalid:14499/metrics/ingest",
            "answers on its own host only",
        ),
    ] {
        let report = tried(Some(endpoint), None);
        assert!(report.to_string().contains(said), "{report}");
    }
    for answer in ["404 Not Found", "401 Unauthorized"] {
        let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n");
        let url = answering(answer).replace("/api/v2", "");
        let report = tried(Some(&url), None);
        let said = "Enable local HTTP Metric, Log and Event Ingest API";
        assert!(report.to_string().contains(said), "{report}");
    }
}

#[test]
fn nothing_is_configured_and_nothing_is_there() {
    if std::net::TcpStream::connect("127.0.0.1:14499").is_ok() {
        return; // A OneAgent or a stand-in for one runs here.
    }
    let report = tried(None, None);
    assert_eq!(report.problem(), Some(Problem::NoEndpoint), "{report}");
    assert!(report.to_string().contains("set DT_METRICS_INGEST_URL"));
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    for (endpoint, verdict) in [
        (None, Verdict::Failed(Problem::Configuration)),
        (Some("http://127.0.0.1:1/metrics/ingest"), Verdict::Warning),
    ] {
        let options = Options {
            endpoint: endpoint.map(Into::into),
            // Equivalent to a file that the user may not read, and works for the superuser.
            endpoint_file: EndpointFile::at(folder.path()),
            ..Options::default()
        };
        let report = check(options, &|_| None);
        let step = report.steps().iter().find(|it| it.name == "endpoint file");
        assert_eq!(step.map(|it| it.verdict), Some(verdict), "{report}");
        assert!(!report.is_ok(), "{report}");
    }
}

#[test]
fn each_failure_has_advice() {
    let answer = |text: &str| Some(answering(format!("HTTP/1.1 {text}\r\n\r\n")));
    for (endpoint, problem, said) in [
        (
            Some("http://127.0.0.1:1/api/v2/metrics/ingest".into()),
            Problem::ConnectionRefused,
            "whether the server runs",
        ),
        (
            Some("https://no-such-host.invalid/api/v2/metrics/ingest".into()),
            Problem::Unreachable,
            "the spelling of the host name",
        ),
        (
            Some("https://{your-environment}.live.dynatrace.com/api/v2/metrics/ingest".into()),
            Problem::InvalidEndpoint,
            "a character that no host has",
        ),
        (
            Some(answering("SSH-2.0-OpenSSH\r\n".into())),
            Problem::NoAnswer,
            "does not speak HTTP",
        ),
        (
            answer("502 Bad Gateway\r\ncontent-length: 0"),
            Problem::Unavailable,
            "try again later",
        ),
        (
            answer("200 OK\r\ncontent-length: 17\r\n\r\n\u{feff}<!doctype html"),
            Problem::WrongPath,
            "a web page",
        ),
    ] {
        // A proxy would look up the name.
        let is_by_proxy = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
            .iter()
            .any(|name| env::var_os(name).is_some());
        if is_by_proxy && problem == Problem::Unreachable {
            continue;
        }
        let report = tried(endpoint.as_deref(), Some(TOKEN));
        assert_eq!(report.problem(), Some(problem), "{report}");
        assert!(report.to_string().contains(said), "{report}");
        let token = report.steps().iter().find(|step| step.name == "token");
        let verdict = token.expect("a step").verdict;
        assert_eq!(
            verdict,
            Verdict::NotTried,
            "nothing is known of it: {report}"
        );
    }
}

#[test]
fn a_firewall_is_not_taken_for_the_endpoint() {
    let page = "<html>blocked";
    let url = answering(format!(
        "HTTP/1.1 403 Forbidden\r\ncontent-length: {}\r\n\r\n{page}",
        page.len()
    ));
    let report = tried(Some(&url), Some(TOKEN));
    assert_eq!(report.problem(), Some(Problem::MissingScope), "{report}");
    assert!(report.to_string().contains("a firewall may be"), "{report}");
}

#[test]
fn an_answer_of_no_ingest_endpoint_is_a_warning() {
    let url = answering("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello".into());
    let report = tried(Some(&url), Some(TOKEN));
    assert!(report.is_ok(), "{report}");
    let is_warning = |step: &&Step| step.verdict == Verdict::Warning;
    let step = report.steps().iter().find(is_warning).expect("a warning");
    assert!(step.text.contains("202 Accepted"), "{report}");
}

#[cfg(feature = "otlp")]
#[test]
fn by_otlp_the_causes_have_the_same_names() {
    for (status, problem, said) in [
        ("200 OK", None, "accepted"),
        (
            "404 Not Found",
            Some(Problem::WrongPath),
            "/api/v2/otlp/v1/metrics",
        ),
        (
            "401 Unauthorized",
            Some(Problem::WrongToken),
            "metrics.ingest",
        ),
        (
            "403 Forbidden",
            Some(Problem::MissingScope),
            "metrics.ingest",
        ),
        ("503 Later", Some(Problem::Unavailable), "503"),
        // Not an answer of a receiver: that has a body.
        ("400 Bad Request", Some(Problem::WrongPath), "400"),
    ] {
        let url = answering(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n"));
        let report = tried_in(Format::Otlp, Some(&url), Some(TOKEN), &[]);
        assert_eq!(report.problem(), problem, "{report}");
        let text = report.to_string();
        assert!(
            text.contains("/api/v2/otlp/v1/metrics, from the program"),
            "{text}"
        );
        assert!(text.contains(said), "{text}");
    }
    for (endpoint, problem) in [
        (
            "http://127.0.0.1:1/api/v2/metrics/ingest",
            Problem::ConnectionRefused,
        ),
        (
            "http://127.0.0.1:1/metrics/ingest",
            Problem::InvalidEndpoint,
        ),
        (
            "http://other/api/v2/metrics/ingest",
            Problem::CleartextToken,
        ),
    ] {
        let report = tried_in(Format::Otlp, Some(endpoint), Some(TOKEN), &[]);
        assert_eq!(report.problem(), Some(problem), "{report}");
    }
}

#[cfg(feature = "otlp")]
#[test]
fn a_collector_is_tried_with_the_settings_of_the_variables() {
    let collector = |answer: &str| answering(format!("HTTP/1.1 {answer}\r\n\r\n"));
    for (answer, problem) in [
        ("200 OK\r\ncontent-length: 0", None),
        (
            "401 Unauthorized\r\ncontent-length: 0",
            Some(Problem::WrongToken),
        ),
        (
            "404 Not Found\r\ncontent-length: 0",
            Some(Problem::WrongPath),
        ),
    ] {
        let url = collector(answer);
        let variables = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()),
            (
                "OTEL_EXPORTER_OTLP_HEADERS",
                "authorization=Bearer%20SECRETSECRET",
            ),
            ("DT_METRICS_INGEST_API_TOKEN", TOKEN),
        ];
        let report = tried_in(Format::Otlp, None, None, &variables);
        assert_eq!(report.problem(), problem, "{report}");
        let text = report.to_string();
        assert!(text.contains("from OTEL_EXPORTER_OTLP_ENDPOINT"), "{text}");
        assert!(
            text.contains("1 header, from OTEL_EXPORTER_OTLP_HEADERS"),
            "{text}"
        );
    }
    if std::net::TcpStream::connect("127.0.0.1:4318").is_err() {
        let report = tried_in(Format::Otlp, None, None, &[]);
        assert_eq!(report.problem(), Some(Problem::NoEndpoint), "{report}");
    }
}

#[test]
fn requests_that_stay_in_the_spool_are_reported_and_left_as_they_are() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let spool = directory.path().join("spool");
    let look = |endpoint: &str| {
        let options = Options {
            endpoint: Some(endpoint.into()),
            api_token: Some(TOKEN.into()),
            endpoint_file: EndpointFile::at("/nonexistent/endpoint.properties"),
            request_timeout: Some(Duration::from_secs(1)),
            spool_dir: Some(spool.clone()),
            ..Options::default()
        };
        let report = check(options, &|_| None);
        let steps = report.steps().iter().filter(|step| step.name == "spool");
        let steps: Vec<_> = steps
            .map(|step| (step.verdict, step.text.clone()))
            .collect();
        steps
    };
    let (staging, production) = (
        "http://127.0.0.1:1/staging",
        "http://127.0.0.1:1/production",
    );
    assert_eq!(look(production)[0].0, Verdict::Ok);
    assert!(!spool.exists(), "nothing is created");

    let recipient = Recipient::new(Format::Lines, &Endpoint::parse(staging).expect("a URL"));
    let (opened, _) = Directory::open(&spool, recipient, |_, _| ()).expect("safe");
    let body = Body::of("a\nb\nc");
    let written = opened
        .slot
        .write(RequestId::of(1), SystemTime::now(), &body, None);
    written.expect("written");
    drop(opened);
    let [(verdict, text)] = &look(production)[..] else {
        panic!("one slot");
    };
    assert_eq!(*verdict, Verdict::Warning);
    for part in ["1 requests with 3 data points", "slot-000", staging] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(look(staging)[0].0, Verdict::Ok);
    let slot = spool.join("slot-000");
    assert!(slot.join("00000000000000000001-0000000000.lines").exists());

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let shared = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(&spool, shared).expect("ours");
        let [(verdict, text)] = &look(staging)[..] else {
            panic!("one directory");
        };
        assert_eq!(*verdict, Verdict::Failed(Problem::Configuration));
        assert!(text.contains("mode 777"), "{text}");
    }
}
