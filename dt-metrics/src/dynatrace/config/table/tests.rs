use std::time::Duration;

use super::parse::{bytes, certificate, duration, pairs};
use super::{Row, Scope, TABLE, read, unknown_variables};
use crate::dynatrace::Exporter;
use crate::dynatrace::config::options::Options;
use crate::dynatrace::config::source::Source;

fn with(mut options: Options, variables: &[(&str, &str)]) -> Options {
    read(&mut options, Scope::Pipeline, &|name| {
        let found = variables.iter().find(|(it, _)| *it == name);
        found.map(|(_, value)| (*value).to_owned())
    });
    options
}

#[test]
fn durations_are_read_as_people_write_them() {
    for (text, expected) in [
        ("10s", Some(Duration::from_secs(10))),
        ("500ms", Some(Duration::from_millis(500))),
        ("1m30s", Some(Duration::from_secs(90))),
        ("1m 30s", Some(Duration::from_secs(90))),
        ("2 min", Some(Duration::from_secs(120))),
        ("1h", Some(Duration::from_secs(3_600))),
        ("10", Some(Duration::from_secs(10))),
        ("1.5", Some(Duration::from_millis(1_500))),
        ("0.25s", Some(Duration::from_millis(250))),
        ("250us", Some(Duration::from_micros(250))),
        ("0", Some(Duration::ZERO)),
        ("", None),
        ("-1s", None),
        ("+1s", None),
        ("s", None),
        ("10x", None),
        ("10s5", None),
        ("1e3", None),
        ("1.2.3s", None),
        (".", None),
        (".s", None),
        ("inf", None),
        ("NaN", None),
        ("99999999999999999999999h", None),
        ("10 000", None),
    ] {
        assert_eq!(duration(text).ok(), expected, "{text:?}");
    }
}

#[test]
fn sizes_are_read_as_people_write_them() {
    for (text, expected) in [
        ("1048576", Some(1 << 20)),
        ("64MiB", Some(64 << 20)),
        ("64 KiB", Some(64 << 10)),
        ("1MB", Some(1_000_000)),
        ("0", None),
        ("-1", None),
        ("1.5MiB", None),
        ("MiB", None),
        ("99999999999GiB", None),
        ("1 apple", None),
    ] {
        assert_eq!(bytes(text).ok(), expected, "{text:?}");
    }
}

#[test]
fn a_backslash_takes_the_meaning_from_a_comma() {
    let pair = |key: &str, value: &str| Ok((key.to_owned(), value.to_owned()));
    assert_eq!(
        pairs(r"env=prod, team = a\,b ,path=C:\\x,formula=a=b\=c,,empty=,"),
        [
            pair("env", "prod"),
            pair("team", "a,b"),
            pair("path", r"C:\x"),
            pair("formula", "a=b=c"),
            pair("empty", ""),
        ]
    );
    assert!(pairs("env=prod,team")[1].is_err());
}

#[test]
fn entries_that_are_not_usable_leave_the_others() {
    let program = Options {
        default_dimensions: vec![("team".into(), "program".into())],
        sources: [("default_dimensions", Source::Program)].into(),
        ..Options::default()
    };
    let text = "env=prod,Env=x,SECRET,team=environment";
    let options = with(program, &[("DT_METRICS_DEFAULT_DIMENSIONS", text)]);
    // If two dimensions have the same key, the later one wins.
    let pairs = options.default_dimensions.iter();
    let pairs: Vec<_> = pairs.map(|(key, value)| (&**key, &**value)).collect();
    let expected = [
        ("env", "prod"),
        ("team", "environment"),
        ("team", "program"),
    ];
    assert_eq!(pairs, expected);
    let [key, equals] = &options.warnings[..] else {
        panic!("{:?}", options.warnings);
    };
    assert!(
        key.contains("entry 2 of DT_METRICS_DEFAULT_DIMENSIONS"),
        "{key}"
    );
    assert!(
        equals.contains("entry 3") && !equals.contains("SECRET"),
        "{equals}"
    );
    let source = Source::ProgramAndEnvironment("DT_METRICS_DEFAULT_DIMENSIONS");
    assert_eq!(options.source("default_dimensions"), source);
}

#[test]
fn dimensions_of_the_environment_leave_room_for_others() {
    let many: Vec<_> = (0..200).map(|index| format!("k{index}=v")).collect();
    let options = with(
        Options::default(),
        &[("DT_METRICS_DEFAULT_DIMENSIONS", &many.join(","))],
    );
    assert_eq!(options.default_dimensions.len(), 47);
    assert_eq!(options.warnings.len(), 153);
}

#[test]
fn own_variables_win_over_variables_of_opentelemetry() {
    let own = ("DT_METRICS_PUSH_INTERVAL", "5s");
    let invalid = ("DT_METRICS_PUSH_INTERVAL", "soon");
    let foreign = ("OTEL_METRIC_EXPORT_INTERVAL", "7000");
    for (variables, expected, warnings) in [
        (&[own, foreign][..], Some(5), 0),
        (&[foreign][..], Some(7), 0),
        (&[invalid, foreign][..], Some(7), 1),
        (&[invalid][..], None, 1),
    ] {
        let options = with(Options::default(), variables);
        let interval = options.pipeline.push_interval;
        assert_eq!(interval.map(|it| it.as_secs()), expected);
        assert_eq!(options.warnings.len(), warnings, "{:?}", options.warnings);
    }
    let text = with(Options::default(), &[invalid]).warnings.join("");
    assert!(text.contains("the default is used: 60 s"), "{text}");
}

#[test]
fn options_of_the_exporters_builder_win_over_the_environment() {
    let variables = [
        ("DT_METRICS_REQUEST_TIMEOUT", "9s"),
        ("DT_METRICS_CONNECT_TIMEOUT", "9s"),
        ("DT_METRICS_MAX_LINES_PER_REQUEST", "9"),
        ("DT_METRICS_MAX_BYTES_PER_REQUEST", "9"),
        ("DT_METRICS_BUFFER_LIMIT_BYTES", "9"),
    ];
    let second = Duration::from_secs(1);
    let given = Exporter::builder()
        .request_timeout(second)
        .connect_timeout(second)
        .max_lines_per_request(1)
        .max_bytes_per_request(1)
        .buffer_limit_bytes(1);
    for (options, expected) in [(given.options, 1), (Options::default(), 9)] {
        let options = with(options, &variables);
        let values = [
            options.max_lines_per_request.unwrap_or_default(),
            options.max_bytes_per_request,
            options.buffer_limit_bytes,
        ];
        assert_eq!(values, [expected; 3]);
        let time = Duration::from_secs(expected as u64);
        assert_eq!(options.request_timeout, Some(time));
        assert_eq!(options.connect_timeout, Some(time));
    }
}

#[test]
fn an_exporter_alone_reads_the_options_of_delivery() {
    let mut options = Options::default();
    read(&mut options, Scope::Exporter, &|name| match name {
        "DT_METRICS_PREFIX" => Some("shop".into()),
        "DT_METRICS_OTLP" | "DT_METRICS_NO_EXPORTER" => Some("true".into()),
        _ => None,
    });
    assert_eq!(options.prefix.as_deref(), Some("shop"));
    assert!(!options.pipeline.no_exporter);
    assert_eq!(options.source("otlp"), Source::Default);
}

#[test]
fn a_certificate_is_a_file_or_its_text() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let pem = made.cert.pem();
    assert!(certificate(&pem).is_ok());
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("root.pem");
    std::fs::write(&file, &pem).expect("just made");
    assert!(certificate(&file.to_string_lossy()).is_ok());
    std::fs::write(&file, "nothing").expect("just made");
    assert!(certificate(&file.to_string_lossy()).is_err());
    let error = certificate("/nonexistent/SECRET").expect_err("no file");
    assert!(!error.contains("SECRET"), "{error}");
}

#[test]
fn the_exporters_that_a_list_names() {
    let has_otlp = cfg!(feature = "otlp");
    for (text, exporter, otlp, both, console, warnings) in [
        ("dynatrace", true, false, false, false, 0),
        ("none", false, false, false, false, 0),
        ("NONE", false, false, false, false, 0),
        ("console", false, false, false, true, 0),
        ("console, dynatrace", true, false, false, true, 0),
        ("otlp", true, has_otlp, false, false, usize::from(!has_otlp)),
        (
            "otlp,dynatrace",
            true,
            has_otlp,
            has_otlp,
            false,
            usize::from(!has_otlp),
        ),
        ("prometheus", true, false, false, false, 1),
        ("prometheus,console", false, false, false, true, 1),
        ("none,dynatrace", true, false, false, false, 1),
        ("none,console", false, false, false, true, 1),
        ("", true, false, false, false, 0),
        (",", true, false, false, false, 1),
    ] {
        let options = with(Options::default(), &[("OTEL_METRICS_EXPORTER", text)]);
        let pipeline = &options.pipeline;
        let found = (
            !pipeline.no_exporter,
            format!("{:?}", options.format) == "Otlp",
            pipeline.both_formats,
            pipeline.console,
            options.warnings.len(),
        );
        let expected = (exporter, otlp, both, console, warnings);
        assert_eq!(found, expected, "{text}: {:?}", options.warnings);
    }
    // The choice of the program and this crate's own variables win.
    let mut program = Options::default();
    program.give("otlp");
    program.give("console");
    for (options, variables) in [
        (program, &[("OTEL_METRICS_EXPORTER", "console")][..]),
        (
            Options::default(),
            &[
                ("OTEL_METRICS_EXPORTER", "none"),
                ("DT_METRICS_NO_EXPORTER", "false"),
            ],
        ),
    ] {
        let options = with(options, variables);
        assert!(!options.pipeline.no_exporter && !options.pipeline.console);
    }
}

#[test]
fn a_misspelled_variable_is_a_warning_with_the_nearest_name() {
    let names = [
        "DT_METRICS_PUSH_INTERVALL",
        "DT_METRICS_SERVICENAME",
        "DT_METRICS_ON_DELIVERY_EVENT",
        "DT_METRICS_PREFIX",
        "DT_METRICS_INGEST_URL",
        "DT_OTHER",
        "OTEL_SERVICE_NAMES",
        "DT_METRICS_\u{1b}[31m",
    ];
    let warnings = unknown_variables(&names.map(str::to_owned));
    let expected = [
        "DT_METRICS_ [31m",
        "only the program can set `on_delivery_event`",
        "did you mean DT_METRICS_PUSH_INTERVAL?",
        "did you mean DT_METRICS_SERVICE_NAME?",
    ];
    assert_eq!(warnings.len(), expected.len(), "{warnings:?}");
    for (warning, expected) in warnings.iter().zip(expected) {
        assert!(warning.contains(expected), "{warning}");
    }
}

#[test]
fn own_variables_are_named_like_the_methods() {
    for row in TABLE.iter().filter(|row| !row.variables.is_empty()) {
        let expected = format!("DT_METRICS_{}", row.name.to_uppercase());
        assert_eq!(row.variables[0].name, expected);
    }
}

/// The methods of a builder: functions that take it and return it.
fn methods(text: &str) -> impl Iterator<Item = &str> {
    text.split("pub fn ").skip(1).filter_map(|function| {
        let (name, rest) = function.split_once(['(', '<'])?;
        let parameters = rest.get(..120).unwrap_or(rest);
        let takes = parameters.contains("self,") || parameters.contains("self)");
        let returns = parameters.contains("-> Self") || function.contains(") -> Self");
        (takes && returns && !parameters.contains("&self")).then_some(name)
    })
}

#[test]
fn every_method_of_the_builders_is_in_the_table() {
    let shared = include_str!("../builder.rs");
    let pipeline = include_str!("../../../pipeline/builder.rs");
    let mut found: Vec<_> = methods(shared).chain(methods(pipeline)).collect();
    // Adds one to the option `default_dimensions`.
    found.retain(|name| *name != "default_dimension");
    found.sort_unstable();
    found.dedup();
    let mut rows: Vec<_> = TABLE.iter().map(|row| row.name).collect();
    rows.sort_unstable();
    assert_eq!(found, rows);
}

/// A row of the table in the guide.
fn documented(row: &Row) -> String {
    let method = match row.name {
        "otlp" | "no_exporter" => format!("`{}()`", row.name),
        "default_dimensions" => "`default_dimension(…)`, `default_dimensions(…)`".into(),
        name => format!("`{name}(…)`"),
    };
    let names = row.variables.iter().map(|it| format!("`{}`", it.name));
    let names: Vec<_> = names.collect();
    let names = if names.is_empty() {
        "only code".to_owned()
    } else {
        names.join(", ")
    };
    format!("| {method} | {names} | {} | {} |", row.default, row.values)
}

#[test]
fn the_guide_has_the_table() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../docs/guide/configuration.md"
    );
    let guide = std::fs::read_to_string(path).expect("the guide");
    let rows: Vec<_> = TABLE.iter().map(documented).collect();
    let rows = rows.join("\n");
    assert!(
        guide.contains(&rows),
        "this must be in docs/guide/configuration.md:\n{rows}"
    );
}
