//! The official exporter for Python sends the lines that this exporter sends, for the same program.
//! `.ci/peers` installs the exporter and runs this.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::common::peer::{installed, succeeds};
use crate::common::{AMPLE, NEVER};

use dt_metrics::{count, gauge, observe, record, up_down_counter};
use dt_metrics_local::Server;
use dt_metrics_local::protocol::Line;
use opentelemetry::{KeyValue, global};
use serde_json::json;

const TOKEN: &str = "dt0c01.PUBLICPART.SECRETSECRETSECRETSECRET";

/// Names of instruments that are not metric keys, or only just.
const NAMES: [&str; 6] = [
    "path/to/file",
    "two..dots",
    "the.end.",
    "UPPER.Case",
    "a.-b",
    "digits.1st",
];

/// Dimensions, most of them with a key or a value that cannot be sent as it is.
const TEXTS: [(&str, &str); 10] = [
    ("plain", "value"),
    ("Upper Key", "upper"),
    ("9lives", "digit"),
    ("two..dots", "dots"),
    ("text.a", "a,b=c d"),
    ("text.b", r#"the "quoted" \ part"#),
    ("text.c", "žluť 🦀"),
    ("text.d", "line\nbreak\ttab\u{200b}none"),
    ("text.e", r#""in quotes""#),
    ("text.f", ""),
];

const NUMBERS: [f64; 8] = [
    0.0,
    -12.75,
    0.1,
    1e-7,
    1_234_567_890.125,
    1e15,
    1.234_567_890_123_456_7e17,
    1e300,
];

/// A difference between the two exporters.
struct Difference {
    reason: &'static str,
    /// Empty if it sends nothing.
    official: &'static str,
    /// Empty if it sends nothing.
    this: &'static str,
}

/// All differences; the lines are in their normal form.
const DIFFERENCES: [Difference; 8] = [
    Difference {
        reason: "the official exporter sends no units and descriptions",
        official: "",
        this: r#"#shop.my_counter count dt.meta.unit=1,dt.meta.description="Description of MyCounter""#,
    },
    Difference {
        reason: "the SDK for Python changes names of instruments to lower case",
        official: "shop.upper.case count,delta=1",
        this: "shop.UPPER.Case count,delta=1",
    },
    Difference {
        reason: "a quoted value stays quoted, as in Dynatrace's later clients",
        official: r#"shop.texts,text.e=\"in\ quotes\" count,delta=1"#,
        this: r#"shop.texts,text.e="in quotes" count,delta=1"#,
    },
    Difference {
        reason: "an empty dimension is not sent, since Dynatrace ignores it",
        official: "shop.texts,text.f= count,delta=1",
        this: "shop.texts count,delta=1",
    },
    Difference {
        reason: "the official exporter drops dimensions that are not strings",
        official: "shop.typed,name=a count,delta=1",
        this: "shop.typed,is_new=true,name=a,size=3 count,delta=1",
    },
    Difference {
        reason: "another notation of the same number",
        official: "shop.numbers,n=3 gauge,1e-07",
        this: "shop.numbers,n=3 gauge,1e-7",
    },
    Difference {
        reason: "the official exporter rounds large numbers to nine digits",
        official: "shop.numbers,n=6 gauge,1.23456789e+17",
        this: "shop.numbers,n=6 gauge,123456789012345664",
    },
    Difference {
        reason: "another notation of the same number",
        official: "shop.numbers,n=7 gauge,1.0e+300",
        this: "shop.numbers,n=7 gauge,1e300",
    },
];

/// The dimensions that all data points have, unless they have their own.
const COMMON: [&str; 3] = ["dt.metrics.source=opentelemetry", "env=test", "tier=none"];

fn endpoint() -> Server {
    Server::builder().token(TOKEN).start().unwrap()
}

fn send_by_the_official_exporter(server: &Server) {
    let shared = json!({"names": NAMES, "texts": TEXTS, "numbers": NUMBERS});
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/export/official/exporter.py"
    );
    let mut python = installed("DT_METRICS_PYTHON");
    python
        .args([script, &server.url(), TOKEN])
        .arg(shared.to_string());
    let warnings = succeeds(python);
    let skipped = warnings.matches("Skipping unsupported dimension").count();
    assert_eq!(warnings.lines().count(), skipped, "{warnings}");
}

fn send_by_this_exporter(server: &Server) {
    let metrics = dt_metrics::builder()
        .endpoint(server.url())
        .api_token(TOKEN)
        .push_interval(NEVER)
        .prefix("shop")
        .default_dimension("env", "test")
        .default_dimension("tier", "none")
        .install()
        .unwrap();
    count!(
        "my_counter",
        25,
        description = "Description of MyCounter",
        unit = "1",
        dims("dimension-1" = "value-1")
    );

    for (tier, lines) in [("gold", 3_u32), ("silver", 4), ("gold", 5)] {
        count!("orders", lines, dims(tier = tier));
        record!("order.size", f64::from(lines) * 1.5, dims(tier = tier));
    }
    for change in [5, -2] {
        up_down_counter!("sessions", change);
    }
    gauge!("queue.depth", 7, dims(queue = "in"));
    let meter = global::meter("official");
    let jobs = meter.u64_observable_counter("jobs");
    jobs.with_callback(|o| o.observe(70, &[KeyValue::new("state", "done")]))
        .build();
    let temperature = observe("temperature")
        .callback(|o| o.record(21.5, ()))
        .unwrap();

    for name in NAMES {
        meter.u64_counter(name).build().add(1, &[]);
    }
    let texts = meter.u64_counter("texts").build();
    for (key, value) in TEXTS {
        texts.add(1, &[KeyValue::new(key, value)]);
    }
    let numbers = meter.f64_gauge("numbers").build();
    for (n, number) in NUMBERS.into_iter().enumerate() {
        numbers.record(number, &[KeyValue::new("n", n.to_string())]);
    }
    count!("typed", dims(name = "a", size = 3, is_new = true));

    metrics.shutdown(AMPLE).unwrap();
    drop(temperature);
}

/// The line without its timestamp and the common dimensions, its other dimensions in alphabetical order.
fn normal_form(line: &Line) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let timestamp = line.timestamp_ms.unwrap();
    let age = now.saturating_sub(Duration::from_millis(timestamp.try_into().unwrap()));
    assert!(age < AMPLE * 10, "{line}");
    let text = line.text.strip_suffix(&format!(" {timestamp}")).unwrap();
    let (series, payload) = text.rsplit_once(' ').unwrap();
    let mut parts = vec![String::new()];
    let mut is_escaped = false;
    for character in series.chars() {
        if character == ',' && !is_escaped {
            parts.push(String::new());
        } else {
            parts.last_mut().unwrap().push(character);
        }
        is_escaped = character == '\\' && !is_escaped;
    }
    let has_all = |keys: &[&str]| {
        let keys = keys.iter().map(|pair| pair.split_once('=').unwrap().0);
        keys.into_iter().all(|key| line.dimension(key).is_some())
    };
    assert!(has_all(&COMMON), "{line}");
    parts.retain(|part| !COMMON.contains(&part.as_str()));
    parts[1..].sort();
    format!("{} {payload}", parts.join(","))
}

/// The data points and the metadata that arrived; nothing was refused, and nothing came twice.
fn lines(server: &Server) -> BTreeSet<String> {
    assert_eq!(server.rejected(), []);
    let points = server.lines();
    let metadata = server.metadata();
    let texts = metadata.iter().map(|metadata| metadata.text.clone());
    let lines: BTreeSet<_> = points.iter().map(normal_form).chain(texts).collect();
    assert_eq!(lines.len(), points.len() + metadata.len(), "{points:#?}");
    lines
}

#[test]
#[ignore = "needs Python and packages: `bash .ci/peers`"]
fn the_official_exporter_sends_the_same_lines() {
    own_process!();
    let servers = (endpoint(), endpoint());
    send_by_the_official_exporter(&servers.0);
    send_by_this_exporter(&servers.1);
    let (theirs, ours) = (lines(&servers.0), lines(&servers.1));

    let getting_started = "shop.my_counter,dimension-1=value-1 count,delta=25";
    assert!(theirs.contains(getting_started), "{theirs:#?}");

    let only = |some: &BTreeSet<String>, others: &BTreeSet<String>| -> BTreeSet<String> {
        some.difference(others).cloned().collect()
    };
    let expected = |line: fn(&Difference) -> &'static str| -> BTreeSet<String> {
        let lines = DIFFERENCES.iter().map(line);
        let lines = lines.filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect()
    };
    assert_eq!(only(&theirs, &ours), expected(|it| it.official));
    assert_eq!(only(&ours, &theirs), expected(|it| it.this));

    let mut table = format!(
        "The official exporter for Python: {} lines, dt-metrics: {}, all accepted\n",
        theirs.len(),
        ours.len()
    );
    for line in theirs.intersection(&ours) {
        writeln!(table, "  same        {line}").unwrap();
    }
    for difference in DIFFERENCES {
        writeln!(table, "  different   {}", difference.reason).unwrap();
        writeln!(table, "    official  {}", difference.official).unwrap();
        writeln!(table, "    here      {}", difference.this).unwrap();
    }
    println!("{table}");
}
