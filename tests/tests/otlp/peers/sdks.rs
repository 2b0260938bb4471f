//! OpenTelemetry's SDKs for Python and Node send to the local endpoint.

use std::process::Command;

use super::{Totals, assert_same, totals};
use crate::common::peer::{api, installed, succeeds};
use dt_metrics_local::Server;
use serde_json::{Value, json};

const TOKEN: &str = "dt0c01.PUBLICPART.SECRETSECRETSECRETSECRET";
const PUSHES: u32 = 5;
const CALLS: u32 = 200;
const KINDS: [&str; 4] = ["plain", "a,b=c d", r#"quoted "twice" \ "#, "žluť 🦀"];

#[derive(Clone, Copy)]
enum Sdk {
    Python,
    Node,
}

impl Sdk {
    /// The program that measures the same with each SDK.
    fn program(self, format: &str, instruments: &str) -> Command {
        let (variable, script) = match self {
            Self::Python => ("DT_METRICS_PYTHON", "sdk.py"),
            Self::Node => ("DT_METRICS_NODE", "sdk.cjs"),
        };
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/otlp/peers");
        let shared = json!({"kinds": KINDS, "pushes": PUSHES, "calls_in_push": CALLS});
        let mut program = installed(variable);
        program
            .arg(format!("{folder}/{script}"))
            .args([format, instruments, &shared.to_string()]);
        program
    }

    /// The temporality that Dynatrace requires, and no SDK has by default.
    fn with_deltas(self) -> Command {
        let mut program = self.program("protobuf", "all");
        program.env("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta");
        program
    }

    fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Node => "nodejs",
        }
    }
}

fn endpoint() -> Server {
    Server::builder().token(TOKEN).start().unwrap()
}

/// The total of each series, and its number of values if it is a histogram.
fn sent() -> Totals {
    let mut sent = Totals::new();
    let mut add = |series: String, total: String| sent.insert(series, total);
    let pushes = f64::from(PUSHES);
    for (kind, first) in KINDS.into_iter().zip(0..) {
        let of_kind = || (first..CALLS).step_by(KINDS.len());
        let count = of_kind().count();
        let sum: f64 = of_kind().map(|n| f64::from(n) * 0.25).sum();
        let (count, sum) = (count as f64 * pushes, sum * pushes);
        let even = first.is_multiple_of(2);
        add(
            format!("peer.calls even={even},kind={kind}"),
            format!("count {count}"),
        );
        add(
            format!("peer.size kind={kind}"),
            format!("summary {sum} of {count} values"),
        );
    }
    let each = || (1..=PUSHES).map(f64::from);
    let bytes: f64 = each().map(|push| push * 1_000_000_007.0).sum();
    let weight: f64 = each().map(|push| push * 0.125).sum();
    let sessions: i32 = (1..=PUSHES)
        .map(|push| if push.is_multiple_of(3) { -1 } else { 2 })
        .sum();
    for (series, total) in [
        ("peer.bytes ", format!("count {bytes}")),
        ("peer.weight ", format!("count {weight}")),
        ("peer.cpu core=0", format!("count {}", pushes * 10.0)),
        ("peer.sessions ", format!("gauge {sessions}")),
        ("peer.depth queue=in", format!("gauge {}", pushes * 1.5)),
        ("peer.idle ", format!("gauge {}", 100.0 - pushes)),
        ("peer.heat ", format!("gauge {}", 20.0 + pushes / 4.0)),
    ] {
        add(series.to_owned(), total);
    }
    sent
}

/// Whether Dynatrace accepts a series whatever its temporality is.
fn is_gauge(total: &str) -> bool {
    total.starts_with("gauge")
}

fn requests(server: &Server) -> Vec<Value> {
    let answer = api(server, "/api/requests");
    answer["requests"].as_array().unwrap().clone()
}

fn refused(server: &Server) -> Vec<Value> {
    let answer = api(server, "/api/refused");
    answer["refused"].as_array().unwrap().clone()
}

fn deltas_arrive_exactly(sdk: Sdk) {
    let name = sdk.name();
    let collector = endpoint();
    let mut program = sdk.with_deltas();
    program.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.collector_url());
    succeeds(program);

    let dynatrace = endpoint();
    let mut program = sdk.with_deltas();
    program
        .env("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", dynatrace.otlp_url())
        .env(
            "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
            format!("Authorization=Api-Token%20{TOKEN}"),
        )
        .env("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "gzip");
    succeeds(program);

    for (server, way, path) in [
        (&collector, "as to a Collector", "/v1/metrics"),
        (&dynatrace, "as to Dynatrace", "/api/v2/otlp/v1/metrics"),
    ] {
        let title = format!("OpenTelemetry's SDK ({name}), {way}:");
        assert_same(&title, &sent(), &totals(server));
        assert_eq!(refused(server), [Value::Null; 0]);
        for request in requests(server) {
            assert_eq!(request["path"], path);
            assert_eq!(request["is_accepted"], true, "{request}");
            assert_eq!(request["message"], Value::Null, "{request}");
        }
        let answer = api(server, "/api/series?metric=peer.calls");
        for series in answer["series"].as_array().unwrap() {
            assert_eq!(series["dimensions"]["telemetry.sdk.language"], name);
            assert_eq!(series["unit"], "{call}");
            assert_eq!(series["description"], "Calls, of all kinds");
        }
    }
}

fn cumulative_counts_are_refused(sdk: Sdk) {
    let server = endpoint();
    let mut program = sdk.program("protobuf", "all");
    program.env("OTEL_EXPORTER_OTLP_ENDPOINT", server.collector_url());
    succeeds(program);
    let mut accepted = sent();
    accepted.retain(|_, total| is_gauge(total));
    let name = sdk.name();
    let title = format!("OpenTelemetry's SDK ({name}), cumulative, which Dynatrace refuses:");
    assert_same(&title, &accepted, &totals(&server));
    let all = requests(&server);
    for request in &all {
        // A partial success.
        assert_eq!(request["status"], 200, "{request}");
        assert_eq!(request["is_accepted"], false, "{request}");
    }
    let refused = refused(&server);
    // Each push has all series with a count.
    let series = sent().into_values().filter(|it| !is_gauge(it)).count();
    assert_eq!(refused.len(), series * all.len());
    for point in refused {
        let reason = point["reason"].as_str().unwrap();
        assert!(reason.contains("cumulative"), "{point}");
    }

    let server = endpoint();
    let mut program = sdk.program("protobuf", "calls");
    program.env("OTEL_EXPORTER_OTLP_ENDPOINT", server.collector_url());
    let errors = succeeds(program);
    assert_eq!(totals(&server), Totals::new());
    for request in requests(&server) {
        assert_eq!(request["status"], 400, "{request}");
    }
    // The user of the SDK sees that it is refused.
    let word = match sdk {
        Sdk::Python => "400",
        Sdk::Node => "Bad Request",
    };
    assert!(errors.contains(word), "{errors}");
}

#[test]
#[ignore = "needs Python and packages: `bash .ci/peers`"]
fn python_sends_exactly() {
    deltas_arrive_exactly(Sdk::Python);
}

#[test]
#[ignore = "needs Node and packages: `bash .ci/peers`"]
fn node_sends_exactly() {
    deltas_arrive_exactly(Sdk::Node);
}

#[test]
#[ignore = "needs Python and packages: `bash .ci/peers`"]
fn python_without_deltas_is_refused() {
    cumulative_counts_are_refused(Sdk::Python);
}

#[test]
#[ignore = "needs Node and packages: `bash .ci/peers`"]
fn node_without_deltas_is_refused() {
    cumulative_counts_are_refused(Sdk::Node);
}

#[test]
#[ignore = "needs Node and packages: `bash .ci/peers`"]
fn json_is_refused() {
    let server = endpoint();
    let mut program = Sdk::Node.program("json", "calls");
    program
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", server.collector_url())
        .env("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta");
    let errors = succeeds(program);
    assert_eq!(totals(&server), Totals::new());
    for request in requests(&server) {
        assert_eq!(request["status"], 415, "{request}");
        let message = request["message"].as_str().unwrap();
        assert!(message.contains("application/x-protobuf"), "{message}");
    }
    assert!(errors.contains("Unsupported Media Type"), "{errors}");
    println!("OpenTelemetry's SDK (nodejs), JSON: refused with 415, as Dynatrace does");
}
