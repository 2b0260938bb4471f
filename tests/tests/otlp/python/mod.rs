//! One program sends over OTLP and as metric lines, with the same totals. The protobuf is decoded by
//! the OpenTelemetry project's own Python package. `.ci/otlp` installs that and runs this.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::common::own_process::{child, is_child, passes, path_of};
use crate::common::peer::installed;
use dt_metrics::{count, counted, gauge, record, up_down_counter};
use dt_metrics_local::protocol::Payload;
use dt_metrics_local::{Answer, Fault, Server};
use serde_json::Value;

const AMPLE: Duration = Duration::from_secs(30);
const TOKEN: &str = "dt0c01.PUBLICPART.SECRETSECRETSECRETSECRET";
const PUSHES: u32 = 12;

/// Met by the first requests.
const FAULTS: [&str; 7] = ["503", "cut", "503", "429", "cut", "500", "503"];

/// Values of a dimension of different kinds.
const KINDS: [&str; 4] = ["plain", "a,b=c d", r#"quoted "twice" \ "#, "žluť 🦀"];

#[counted(
    name = "proof.calls",
    description = "Calls, of all kinds",
    unit = "{call}",
    dims(kind = kind, even = even, "fixed.key" = "1")
)]
fn call(kind: &str, even: bool, size: f64) {
    record!(
        "proof.size",
        size,
        description = "What a call had to carry",
        unit = "By",
        dims(kind = kind)
    );
}

#[test]
fn program() {
    if !is_child(path_of(program)) {
        return;
    }
    let mut metrics = dt_metrics::builder()
        .push_interval(Duration::from_secs(3_600))
        .prefix("shop")
        .default_dimension("env", "test")
        .service_name("proof");
    if let Ok(endpoint) = std::env::var("PROOF_ENDPOINT") {
        metrics = metrics.endpoint(endpoint).api_token(TOKEN);
    }
    if std::env::var("PROOF_BY").as_deref() == Ok("otlp") {
        metrics = metrics.otlp();
    }
    let metrics = metrics.install().unwrap();
    for push in 1..=PUSHES {
        for n in 0..push * 25 {
            let size = f64::from((n * 37) % 101) * 0.25 - 3.0;
            call(KINDS[(n % 4) as usize], n % 2 == 0, size);
        }
        count!("proof.bytes", u64::from(push) * 1_000_000_007);
        up_down_counter!("proof.sessions", if push % 3 == 0 { -1 } else { 2 });
        gauge!("proof.depth", f64::from(push) * 1.5, dims(queue = "in"));
        // Some wait for their delivery, most are in the queue behind it.
        let limit = if push % 4 == 0 {
            AMPLE
        } else {
            Duration::from_millis(20)
        };
        let delivered = metrics.flush(limit);
        assert!(limit != AMPLE || delivered.is_ok(), "{delivered:?}");
    }
    metrics.shutdown(AMPLE).unwrap();
    let health = metrics.health();
    assert_eq!(health.requests_failed, FAULTS.len() as u64, "{health:?}");
    assert_eq!(
        (health.points_dropped, health.points_rejected),
        (0, 0),
        "{health:?}"
    );
    assert_eq!(health.points_pending, 0);
}

/// The receiver in Python; it runs until the received data is requested.
struct Receiver {
    process: Child,
    url: String,
}

impl Receiver {
    fn start(faults: &[&str]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/otlp/python/receiver.py");
        let mut process = installed("DT_METRICS_PYTHON")
            .arg(script)
            .args(faults)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let output = BufReader::with_capacity(1, process.stdout.as_mut().unwrap());
        output.take(100).read_line(&mut first).unwrap();
        let url = first.trim().to_owned();
        assert!(url.starts_with("http://"), "{first:?}");
        Self { process, url }
    }

    /// The data received until now.
    fn end(mut self) -> Value {
        drop(self.process.stdin.take());
        let mut said = String::new();
        let output = self.process.stdout.as_mut().unwrap();
        output.read_to_string(&mut said).unwrap();
        assert!(self.process.wait().unwrap().success());
        serde_json::from_str(&said).unwrap()
    }
}

/// A metric with dimensions, and its totals.
type Totals = BTreeMap<String, BTreeMap<&'static str, f64>>;

/// Runs the program to its end.
fn run(environment: &[(&str, &str)]) {
    let mut command = child(path_of(program));
    for name in ["DT_METRICS_INGEST_URL", "DT_METRICS_INGEST_API_TOKEN"] {
        command.env_remove(name);
    }
    let names = ["ENDPOINT", "HEADERS", "METRICS_ENDPOINT", "METRICS_HEADERS"];
    for name in names {
        command.env_remove(format!("OTEL_EXPORTER_OTLP_{name}"));
    }
    command.envs(environment.iter().copied());
    passes(command);
}

fn by_lines() -> Totals {
    let server = Server::builder().start().unwrap();
    for fault in FAULTS {
        let fault = match fault {
            "cut" => Fault::ResetBeforeReading,
            status => Answer::new(status.parse().unwrap()).into(),
        };
        server.fail_next(1, fault).unwrap();
    }
    run(&[("PROOF_ENDPOINT", &server.url())]);
    assert_eq!(server.rejected(), []);
    let mut totals = Totals::new();
    for line in server.lines() {
        let kept = line.dimensions.iter().filter(|(key, _)| {
            // Over OTLP, the service name is in the resource, and Dynatrace adds the source.
            key != "service.name" && key != "dt.metrics.source"
        });
        let mut kept: Vec<_> = kept.map(|(key, value)| format!("{key}={value}")).collect();
        kept.sort();
        let series = totals.entry(format!("{} {}", line.key, kept.join(",")));
        let series = series.or_default();
        match line.payload {
            Payload::Count { delta } => *series.entry("value").or_default() += delta,
            Payload::Gauge { value } => {
                series.insert("value", value);
            }
            Payload::Summary {
                min,
                max,
                sum,
                count,
            } => {
                *series.entry("sum").or_default() += sum;
                *series.entry("count").or_default() += count as f64;
                let least = series.entry("min").or_insert(min);
                *least = least.min(min);
                let most = series.entry("max").or_insert(max);
                *most = most.max(max);
            }
            other => panic!("{other:?}"),
        }
    }
    totals
}

fn by_otlp(arrived: &Value) -> Totals {
    let mut totals = Totals::new();
    for (name, metric) in arrived["metrics"].as_object().unwrap() {
        for (dimensions, series) in metric["series"].as_object().unwrap() {
            let number = |field| Some((field, series[field].as_f64()?));
            let numbers = ["value", "sum", "count", "min", "max"];
            let numbers = numbers.into_iter().filter_map(number).collect();
            totals.insert(format!("{name} {dimensions}"), numbers);
        }
    }
    totals
}

#[track_caller]
fn assert_same(way: &str, got: &Totals, expected: &Totals) {
    for key in got.keys().chain(expected.keys()) {
        let (got, expected) = (got.get(key), expected.get(key));
        let is_same = got.zip(expected).is_some_and(|(got, expected)| {
            let same = |(name, value): (_, &f64)| {
                let other: Option<&f64> = got.get(name);
                // Parts are added up in another order.
                other.is_some_and(|other| (other - value).abs() <= value.abs() * 1e-12)
            };
            got.len() == expected.len() && expected.iter().map(|(k, v)| (*k, v)).all(same)
        });
        assert!(is_same, "{way}: {key}: {got:?}, by lines {expected:?}");
    }
}

/// The descriptions of the metrics, with any values.
fn assert_described(arrived: &Value) {
    const DELTA: &str = "AGGREGATION_TEMPORALITY_DELTA";
    const CUMULATIVE: &str = "AGGREGATION_TEMPORALITY_CUMULATIVE";
    for (name, kind, monotonic, temporality, unit, description) in [
        (
            "calls",
            "sum",
            Some(true),
            Some(DELTA),
            "{call}",
            "Calls, of all kinds",
        ),
        ("bytes", "sum", Some(true), Some(DELTA), "", ""),
        ("sessions", "sum", Some(false), Some(CUMULATIVE), "", ""),
        ("depth", "gauge", None, None, "", ""),
        (
            "size",
            "histogram",
            None,
            Some(DELTA),
            "By",
            "What a call had to carry",
        ),
    ] {
        let metric = &arrived["metrics"][format!("shop.proof.{name}")];
        let expected = serde_json::json!([{
            "kind": kind,
            "unit": unit,
            "description": description,
            "is_monotonic": monotonic,
            "temporality": temporality,
        }]);
        assert_eq!(metric["said"], expected, "{name}");
        for (dimensions, series) in metric["series"].as_object().unwrap() {
            assert_eq!(series["bad_time"], Value::Null, "{name} {dimensions}");
            if kind == "histogram" {
                assert_eq!(series["in_buckets"], series["count"], "{name} {dimensions}");
            }
        }
    }
    let resource = &arrived["resource"];
    assert_eq!(resource["service.name"], "proof");
    assert_eq!(resource["telemetry.sdk.language"], "rust");
}

#[test]
#[ignore = "needs Python and a package: `bash .ci/otlp`"]
fn by_otlp_it_is_the_same_as_by_lines() {
    let expected = by_lines();
    let calls: f64 = expected
        .iter()
        .filter(|(key, _)| key.starts_with("shop.proof.calls "))
        .map(|(_, series)| series["value"])
        .sum();
    let made = 25 * PUSHES * (PUSHES + 1) / 2;
    assert_eq!(calls, f64::from(made));

    for (way, path, authorization, encoding) in [
        ("to a Collector", "/v1/metrics", Value::Null, "none"),
        (
            "to Dynatrace",
            "/api/v2/otlp/v1/metrics",
            format!("Api-Token {TOKEN}").into(),
            "gzip",
        ),
    ] {
        let receiver = Receiver::start(&FAULTS);
        let ingest = format!("{}/api/v2/metrics/ingest", receiver.url);
        let place = if authorization.is_null() {
            ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url.as_str())
        } else {
            ("PROOF_ENDPOINT", ingest.as_str())
        };
        let compression = ("OTEL_EXPORTER_OTLP_COMPRESSION", encoding);
        run(&[place, ("PROOF_BY", "otlp"), compression]);
        let arrived = receiver.end();

        let got = by_otlp(&arrived);
        assert_same(way, &got, &expected);
        assert_described(&arrived);
        let requests = arrived["requests"].as_array().unwrap();
        for request in requests {
            assert_eq!(request["path"], path);
            assert_eq!(request["authorization"], authorization);
            assert_eq!(request["content_type"], "application/x-protobuf");
            assert_eq!(request["encoding"].as_str().unwrap_or("none"), encoding);
        }
        let met: Vec<_> = requests.iter().map(|it| &it["outcome"]).collect();
        assert_eq!(met[..FAULTS.len()], FAULTS);
        println!(
            "{way}: {} requests, {} of them failed; {} series the same as by lines, {made} calls",
            requests.len(),
            FAULTS.len(),
            got.len(),
        );
    }
}
