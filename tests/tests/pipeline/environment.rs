//! Options from the environment: every one by its variable, by code and by both.

use std::collections::BTreeSet;
use std::io::Read;
use std::process::Stdio;
use std::time::Duration;

use crate::common::log::Log;
use crate::common::own_process::{child, is_child, passes, path_of, shared};
use crate::common::{AMPLE, server};
use dt_metrics::dynatrace::{DeliveryGuarantee, Verdict};
use dt_metrics::{Builder, count};

const URL: &str = "http://127.0.0.1:1/api/v2/metrics/ingest";
const TOKEN: &str = "dt0c01.PUBLICPART.SECRETSECRETSECRETSECRET";

/// Whether the program sets every option.
const BY_CODE: &str = "TEST_OPTIONS_BY_CODE";

/// An option, the variable, its value, the value as `check` shows it, and one that is not usable.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Option<&'static str>,
);

const CASES: &[Case] = &[
    (
        "endpoint",
        "DT_METRICS_ENDPOINT",
        URL,
        URL,
        Some("ftp://SECRET"),
    ),
    (
        "endpoint",
        "DT_METRICS_INGEST_URL",
        URL,
        URL,
        Some("SECRET"),
    ),
    (
        "api_token",
        "DT_METRICS_API_TOKEN",
        TOKEN,
        "given",
        Some("SECRET TOKEN"),
    ),
    (
        "api_token",
        "DT_METRICS_INGEST_API_TOKEN",
        TOKEN,
        "given",
        Some("SECRET\nTOKEN"),
    ),
    (
        "allow_cleartext_token",
        "DT_METRICS_ALLOW_CLEARTEXT_TOKEN",
        "true",
        "true",
        Some("SECRET"),
    ),
    (
        "add_root_certificate_pem",
        "DT_METRICS_ADD_ROOT_CERTIFICATE_PEM",
        "",
        "1 given",
        Some("/SECRET"),
    ),
    ("otlp", "DT_METRICS_OTLP", "true", "true", Some("SECRET")),
    (
        "otlp",
        "OTEL_METRICS_EXPORTER",
        "otlp",
        "true",
        Some("SECRET"),
    ),
    (
        "no_exporter",
        "DT_METRICS_NO_EXPORTER",
        "true",
        "true",
        Some("SECRET"),
    ),
    (
        "no_exporter",
        "OTEL_METRICS_EXPORTER",
        "none",
        "true",
        Some("SECRET"),
    ),
    ("console", "DT_METRICS_CONSOLE", "1", "true", Some("SECRET")),
    (
        "console",
        "OTEL_METRICS_EXPORTER",
        "dynatrace,console",
        "true",
        Some("SECRET"),
    ),
    (
        "prefix",
        "DT_METRICS_PREFIX",
        "shop.",
        "shop",
        Some("1SECRET"),
    ),
    (
        "default_dimensions",
        "DT_METRICS_DEFAULT_DIMENSIONS",
        r"env=prod,team=a\,b",
        "env=prod, team=a,b",
        Some("SECRET"),
    ),
    (
        "service_name",
        "DT_METRICS_SERVICE_NAME",
        "checkout",
        "checkout",
        None,
    ),
    (
        "service_name",
        "OTEL_SERVICE_NAME",
        "\"checkout\"",
        "checkout",
        None,
    ),
    (
        "service_name",
        "OTEL_RESOURCE_ATTRIBUTES",
        "service.name=checkout",
        "an attribute of the resource",
        None,
    ),
    (
        "resource_dimensions",
        "DT_METRICS_RESOURCE_DIMENSIONS",
        "host.name, k8s.pod.name",
        "host.name, k8s.pod.name",
        None,
    ),
    (
        "instance_dimension",
        "DT_METRICS_INSTANCE_DIMENSION",
        "TRUE",
        "true",
        Some("SECRET"),
    ),
    (
        "export_dynatrace_metadata",
        "DT_METRICS_EXPORT_DYNATRACE_METADATA",
        "false",
        "false",
        Some("SECRET"),
    ),
    (
        "health_metrics",
        "DT_METRICS_HEALTH_METRICS",
        "true",
        "true",
        Some("SECRET"),
    ),
    (
        "cardinality_limit",
        "DT_METRICS_CARDINALITY_LIMIT",
        "50",
        "50",
        Some("-1SECRET"),
    ),
    (
        "gauge_expiry",
        "DT_METRICS_GAUGE_EXPIRY",
        "10m",
        "10 min",
        Some("SECRET"),
    ),
    (
        "push_interval",
        "DT_METRICS_PUSH_INTERVAL",
        "1m30s",
        "90 s",
        Some("0"),
    ),
    (
        "push_interval",
        "OTEL_METRIC_EXPORT_INTERVAL",
        "7000",
        "7 s",
        Some("7s-SECRET"),
    ),
    (
        "shutdown_timeout",
        "DT_METRICS_SHUTDOWN_TIMEOUT",
        "500ms",
        "500 ms",
        Some("SECRET"),
    ),
    (
        "flush_on_termination",
        "DT_METRICS_FLUSH_ON_TERMINATION",
        "true",
        "true",
        Some("SECRET"),
    ),
    (
        "spool_dir",
        "DT_METRICS_SPOOL_DIR",
        "/tmp/of-a-test",
        "/tmp/of-a-test",
        None,
    ),
    (
        "spool_limit_bytes",
        "DT_METRICS_SPOOL_LIMIT_BYTES",
        "64MiB",
        "67108864",
        Some("0"),
    ),
    (
        "delivery_guarantee",
        "DT_METRICS_DELIVERY_GUARANTEE",
        "at-most-once",
        "at_most_once",
        Some("SECRET"),
    ),
    (
        "request_timeout",
        "DT_METRICS_REQUEST_TIMEOUT",
        "2.5",
        "2.5 s",
        Some("0s"),
    ),
    (
        "request_timeout",
        "OTEL_METRIC_EXPORT_TIMEOUT",
        "2500",
        "2.5 s",
        Some("SECRET"),
    ),
    (
        "connect_timeout",
        "DT_METRICS_CONNECT_TIMEOUT",
        "2s",
        "2 s",
        Some("-2s"),
    ),
    (
        "max_lines_per_request",
        "DT_METRICS_MAX_LINES_PER_REQUEST",
        "100",
        "100",
        Some("0"),
    ),
    (
        "max_bytes_per_request",
        "DT_METRICS_MAX_BYTES_PER_REQUEST",
        "10kB",
        "10000",
        Some("SECRET"),
    ),
    (
        "buffer_limit_bytes",
        "DT_METRICS_BUFFER_LIMIT_BYTES",
        "2MiB",
        "2097152",
        Some("SECRET"),
    ),
    (
        "set_global",
        "DT_METRICS_SET_GLOBAL",
        "false",
        "false",
        Some("SECRET"),
    ),
    (
        "strict",
        "DT_METRICS_STRICT",
        "true",
        "true",
        Some("SECRET"),
    ),
];

/// Options without a variable.
const CODE_ONLY: [&str; 3] = ["on_delivery_event", "exporter", "configure_provider"];

/// Options that the builder of the pipeline does not have.
const EXPORTER_ONLY: [&str; 5] = [
    "request_timeout",
    "connect_timeout",
    "max_lines_per_request",
    "max_bytes_per_request",
    "buffer_limit_bytes",
];

/// Lists to which the environment adds.
const LISTS: [&str; 3] = [
    "add_root_certificate_pem",
    "default_dimensions",
    "resource_dimensions",
];

fn all_options() -> Builder {
    let second = Duration::from_secs(1);
    dt_metrics::builder()
        .endpoint("http://127.0.0.1:1/v1/metrics")
        .api_token("of-the-program")
        .allow_cleartext_token(false)
        .add_root_certificate_pem(pem())
        .otlp()
        .no_exporter()
        .console(false)
        .prefix("program")
        .default_dimension("env", "program")
        .service_name("program")
        .resource_dimensions(["program"])
        .instance_dimension(false)
        .export_dynatrace_metadata(true)
        .health_metrics(false)
        .cardinality_limit(1)
        .gauge_expiry(second)
        .push_interval(second)
        .shutdown_timeout(second)
        .flush_on_termination(false)
        .spool_dir("/tmp/of-the-program")
        .spool_limit_bytes(1)
        .delivery_guarantee(DeliveryGuarantee::AtLeastOnce)
        .set_global(true)
        .strict(false)
        .on_delivery_event(|_| {})
        .exporter(crate::common::sums::Sums::new(
            opentelemetry_sdk::metrics::Temporality::Delta,
        ))
        .configure_provider(|provider| provider)
}

fn pem() -> String {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    made.cert.pem()
}

/// The program: prints where its options come from.
#[test]
fn a_program_that_prints_its_settings() {
    if !is_child(path_of(a_program_that_prints_its_settings)) {
        return;
    }
    let builder = if std::env::var_os(BY_CODE).is_some() {
        all_options()
    } else {
        dt_metrics::builder()
    };
    let report = builder.check();
    for setting in report.settings() {
        println!(
            "\nsetting|{}|{}|{}|",
            setting.name, setting.value, setting.source
        );
    }
    for step in report.steps() {
        if step.verdict == Verdict::Warning {
            println!("\nwarning|{}", step.text);
        }
    }
    println!("\n{report}");
}

struct Printed {
    text: String,
    /// Options, their values and their sources.
    settings: Vec<[String; 3]>,
    warnings: Vec<String>,
}

fn run(variables: &[(&str, &str)], by_code: bool) -> Printed {
    let mut program = child(path_of(a_program_that_prints_its_settings));
    for (_, variable, ..) in CASES {
        program.env_remove(variable);
    }
    program.envs(variables.iter().copied());
    if by_code {
        program.env(BY_CODE, "1");
    }
    let text = passes(program);
    let part = |line: &str| -> Option<[String; 3]> {
        let mut parts = line.strip_prefix("setting|")?.split('|').map(str::to_owned);
        Some([parts.next()?, parts.next()?, parts.next()?])
    };
    let warnings = text
        .lines()
        .filter_map(|line| line.strip_prefix("warning|"));
    Printed {
        settings: text.lines().filter_map(part).collect(),
        warnings: warnings.map(str::to_owned).collect(),
        text,
    }
}

impl Printed {
    fn of(&self, option: &str) -> (&str, &str) {
        let mut settings = self.settings.iter();
        let setting = settings.find(|[name, ..]| name == option);
        let [_, value, source] = setting.unwrap_or_else(|| panic!("{option}: {}", self.text));
        (value, source)
    }
}

/// The value of a variable; a certificate has one of its own in each run.
fn value(option: &str, value: &'static str) -> String {
    if option == "add_root_certificate_pem" {
        pem()
    } else {
        value.to_owned()
    }
}

#[test]
fn every_option_has_a_case() {
    let _turn = shared();
    let printed = run(&[], false);
    let shown: BTreeSet<_> = printed.settings.iter().map(|[name, ..]| &**name).collect();
    let cases = CASES.iter().map(|(name, ..)| *name).chain(CODE_ONLY);
    assert_eq!(shown, cases.collect::<BTreeSet<_>>());
    for [name, _, source] in &printed.settings {
        assert_eq!(source, "the default", "{name}");
    }
    assert!(
        printed.text.contains("option     prefix"),
        "{}",
        printed.text
    );
}

#[test]
fn every_option_is_set_by_its_variable() {
    let _turn = shared();
    for (option, variable, text, shown, _) in CASES {
        let mut variables = vec![(*variable, value(option, text))];
        if *option == "api_token" {
            variables.push(("DT_METRICS_ENDPOINT", URL.to_owned()));
        }
        let variables: Vec<_> = variables.iter().map(|(name, it)| (*name, &**it)).collect();
        let printed = run(&variables, false);
        assert_eq!(printed.of(option), (*shown, *variable), "{}", printed.text);
        assert_eq!(printed.warnings, [""; 0], "{variable}");
        assert!(!printed.text.contains("SECRET"), "{}", printed.text);
    }
}

#[test]
fn the_program_wins_over_every_variable() {
    let _turn = shared();
    let pem = pem();
    let variables: Vec<_> = CASES
        .iter()
        .filter(|(option, ..)| *option != "add_root_certificate_pem")
        .map(|(_, variable, text, ..)| (*variable, *text))
        .chain([("DT_METRICS_ADD_ROOT_CERTIFICATE_PEM", &*pem)])
        .collect();
    for variables in [&[][..], &variables[..]] {
        let printed = run(variables, true);
        for [option, _, source] in &printed.settings {
            if EXPORTER_ONLY.contains(&&**option) {
                continue;
            }
            let is_list = LISTS.contains(&&**option) && !variables.is_empty();
            let own = format!("DT_METRICS_{}", option.to_uppercase());
            let expected = if is_list {
                format!("the program and {own}")
            } else {
                "the program".to_owned()
            };
            assert_eq!(*source, expected, "{option}");
        }
        let dimensions = printed.of("default_dimensions").0;
        assert!(dimensions.ends_with("env=program"), "{dimensions}");
        assert_eq!(printed.of("prefix").0, "program");
    }
}

#[test]
fn a_value_that_is_not_usable_is_a_warning_that_names_the_variable() {
    let _turn = shared();
    for (option, variable, _, _, invalid) in CASES {
        let Some(invalid) = invalid else {
            continue;
        };
        // Another option is not lost.
        let variables = [(*variable, *invalid), ("DT_METRICS_SERVICE_NAME", "kept")];
        let printed = run(&variables, false);
        assert_eq!(printed.of(option).1, "the default", "{}", printed.text);
        assert_eq!(printed.of("service_name").0, "kept");
        let named = printed.warnings.iter().any(|it| it.contains(variable));
        assert!(named, "{variable}: {}", printed.text);
        assert!(!printed.text.contains("SECRET"), "{}", printed.text);
    }
}

/// The program: counts and delivers.
#[test]
fn a_program_that_counts() {
    if !is_child(path_of(a_program_that_counts)) {
        return;
    }
    let log = Log::install();
    let before = threads();
    let metrics = dt_metrics::init().unwrap();
    println!("\nthreads: {}", threads() > before);
    let rounds = std::env::var("TEST_ROUNDS").map_or(1, |rounds| rounds.parse().unwrap());
    let count = if rounds > 1 { 150 } else { 1 };
    for _ in 0..rounds {
        for series in 0..count {
            count!(
                "env.calls",
                1,
                dims(series = series, text = "a\u{1b}[31m\nb")
            );
        }
        metrics.flush(AMPLE).unwrap();
    }
    metrics.shutdown(AMPLE).unwrap();
    println!("\n{}", log.text());
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

#[test]
fn options_of_the_environment_take_effect_and_a_wrong_one_loses_no_other() {
    let _turn = shared();
    let server = server();
    let spool = tempfile::tempdir().unwrap();
    let mut program = child(path_of(a_program_that_counts));
    program
        .env("DT_METRICS_INGEST_URL", server.url())
        .env("DT_METRICS_PREFIX", "shop")
        .env("DT_METRICS_DEFAULT_DIMENSIONS", "env=prod,Wrong=x,team=a")
        .env("DT_METRICS_SERVICE_NAME", "checkout")
        .env("OTEL_SERVICE_NAME", "other")
        .env("DT_METRICS_SPOOL_DIR", spool.path().join("spool"))
        .env("DT_METRICS_PUSH_INTERVAL", "soon-SECRET")
        .env("DT_METRICS_API_TOKEN", "SECRET TOKEN")
        .env("DT_METRICS_PREFX", "SECRET");
    let printed = passes(program);
    let dimensions = [("env", "prod"), ("team", "a"), ("service.name", "checkout")];
    assert_eq!(server.counter_total("shop.env.calls", &dimensions), 1.0);
    assert!(spool.path().join("spool").is_dir());
    let warnings: Vec<_> = printed.lines().filter(|it| it.contains("WARN")).collect();
    for said in [
        "entry 2 of DT_METRICS_DEFAULT_DIMENSIONS",
        "DT_METRICS_PUSH_INTERVAL",
        "DT_METRICS_API_TOKEN",
        "did you mean DT_METRICS_PREFIX?",
    ] {
        let times = warnings.iter().filter(|it| it.contains(said)).count();
        assert_eq!(times, 1, "{said}: {printed}");
    }
    assert!(!printed.contains("SECRET"), "{printed}");
}

#[test]
fn a_spool_that_only_the_environment_names_stops_no_program() {
    let _turn = shared();
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let mut program = child(path_of(a_program_that_counts));
    program
        .env("DT_METRICS_INGEST_URL", server.url())
        .env("DT_METRICS_SPOOL_DIR", file);
    let printed = passes(program);
    assert_eq!(server.counter_total("env.calls", &[]), 1.0);
    assert!(printed.contains("DT_METRICS_SPOOL_DIR"), "{printed}");
}

#[test]
fn the_environment_chooses_the_exporters() {
    let _turn = shared();
    for (choice, arrives, is_printed, runs) in [
        ("dynatrace", 1.0, false, true),
        ("none", 0.0, false, false),
        ("console", 0.0, true, true),
        ("dynatrace,console", 1.0, true, true),
        ("otlp", 1.0, false, true),
        ("otlp,dynatrace,console", 2.0, true, true),
        ("prometheus", 1.0, false, true),
    ] {
        let server = server();
        let mut program = child(path_of(a_program_that_counts));
        program
            .env("DT_METRICS_INGEST_URL", server.url())
            .env("OTEL_METRICS_EXPORTER", choice);
        let printed = passes(program);
        let total = server.counter_total("env.calls", &[]);
        assert_eq!(total, arrives, "{choice}: {printed}");
        assert_eq!(
            printed.contains(" UTC: 1 metrics, 1 series"),
            is_printed,
            "{choice}: {printed}"
        );
        assert!(
            printed.contains(&format!("threads: {runs}")),
            "{choice}: {printed}"
        );
        let warned = printed.contains("WARN") && printed.contains("ignoring OTEL_METRICS_EXPORTER");
        assert_eq!(warned, choice == "prometheus", "{choice}: {printed}");
        assert!(!printed.contains('\u{1b}'), "{printed:?}");
    }
}

#[test]
fn an_unread_stderr_does_not_delay_the_program() {
    let _turn = shared();
    let server = server();
    let mut program = child(path_of(a_program_that_counts));
    program
        .env("DT_METRICS_INGEST_URL", server.url())
        .env("DT_METRICS_CONSOLE", "true")
        // More than a pipe holds.
        .env("TEST_ROUNDS", "30")
        .stderr(Stdio::piped());
    let mut program = program.spawn().unwrap();
    let mut printed = String::new();
    let mut output = program.stdout.take().unwrap();
    output.read_to_string(&mut printed).unwrap();
    assert!(program.wait().unwrap().success(), "{printed}");
    assert_eq!(server.counter_total("env.calls", &[]), 4_500.0);
}
