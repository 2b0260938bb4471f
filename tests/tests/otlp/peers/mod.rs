//! Other senders over OTLP, and a collector between this library and the endpoint. `.ci/peers` installs
//! them and runs this.

#[cfg(target_os = "linux")]
mod collector;
mod sdks;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::common::peer::api;
use dt_metrics_local::Server;

/// A series, and its total as text: of a summary also the number of values.
type Totals = BTreeMap<String, String>;

/// The totals in the answer of `GET /api/series`, without the dimensions that name the sender.
fn totals(server: &Server) -> Totals {
    let answer = api(server, "/api/series");
    let mut totals = Totals::new();
    for series in answer["series"].as_array().unwrap() {
        let dimensions = series["dimensions"].as_object().unwrap();
        let dimensions: Vec<_> = dimensions
            .iter()
            .filter(|(key, _)| !key.starts_with("service.") && !key.starts_with("telemetry.sdk."))
            .filter(|(key, _)| *key != "dt.metrics.source")
            .map(|(key, value)| format!("{key}={}", value.as_str().unwrap()))
            .collect();
        let metric = series["metric"].as_str().unwrap();
        let kind = series["kind"].as_str().unwrap();
        let mut total = format!("{kind} {}", series["total"].as_f64().unwrap());
        if kind == "summary" {
            write!(total, " of {} values", series["values"]).unwrap();
        }
        let name = format!("{metric} {}", dimensions.join(","));
        let repeated = totals.insert(name, total);
        assert_eq!(repeated, None, "{metric} has one sender");
    }
    totals
}

/// Compares, and prints both sides.
#[track_caller]
fn assert_same(title: &str, sent: &Totals, received: &Totals) {
    let mut table = format!("{title}\n");
    let row = |series: &str, sent: &str, received: &str| {
        format!("  {series:44} {sent:36} {received:36}\n")
    };
    table += &row("series", "sent", "received");
    let series = sent.keys().chain(received.keys());
    for name in series.collect::<BTreeSet<_>>() {
        let of = |totals: &Totals| totals.get(name).cloned().unwrap_or("nothing".into());
        table += &row(name, &of(sent), &of(received));
    }
    println!("{table}");
    assert!(sent == received, "{table}");
}
