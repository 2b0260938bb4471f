//! A real program sends its metrics: generated queries name only the keys that arrive.

use std::collections::BTreeSet;
use std::sync::mpsc;
use std::time::Duration;

use dt_metrics::{measured, timed};
use dt_metrics_local::Server;
use serde_json::Value;

use super::{command, dql, program, shape};

#[measured(
    name = "ship",
    dims(carrier = carrier),
    objective(success = "99%", latency = "2s", percentile = "50%")
)]
#[allow(clippy::unnecessary_wraps, reason = "the outcome is a dimension")]
fn ship(carrier: &str, during: impl FnOnce()) -> Result<(), ()> {
    during();
    Ok(())
}

#[timed(name = "pack", unit = "ms")]
fn pack() {}

/// The metrics that the columns of a query name.
fn keys(query: &str) -> Vec<String> {
    let read = dql::read(query).unwrap_or_else(|error| panic!("{error}: {query}"));
    read.columns
        .into_iter()
        .map(|column| column.metric)
        .collect()
}

fn print(name: &str, arguments: &[&str], input: &str) -> Value {
    let output = command(name, arguments, input);
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn queries_name_only_keys_that_a_program_sends() {
    let server = Server::builder().start().unwrap();
    let metrics = dt_metrics::builder()
        .endpoint(server.url())
        .prefix("shop")
        .push_interval(Duration::from_secs(3_600))
        .install()
        .unwrap();
    let limit = Duration::from_secs(30);
    let (started, waiting) = mpsc::channel();
    let (finish, finished) = mpsc::channel::<()>();
    let calls = std::thread::spawn(move || {
        program::run(|| {
            ship("a", || {
                pack();
                started.send(()).unwrap();
                // Fails if the test has failed.
                let _ = finished.recv();
            })
            .unwrap();
        });
    });
    waiting.recv().unwrap();
    // The functions are in flight.
    metrics.flush(limit).unwrap();
    finish.send(()).unwrap();
    calls.join().unwrap();
    metrics.flush(limit).unwrap();
    assert_eq!(server.rejected(), []);
    let sent: BTreeSet<_> = server.lines().into_iter().map(|line| line.key).collect();

    let catalogue = dt_metrics::catalog_json();
    let prefix = ["--prefix", "shop"];
    let mut queried = BTreeSet::new();
    let dashboard = command("dashboard", &prefix, &catalogue);
    let dashboard = shape::check(&String::from_utf8(dashboard.stdout).unwrap());
    for query in dashboard.charts.iter().map(|chart| &chart.query) {
        queried.extend(keys(query));
    }
    for query in dashboard.variables.values() {
        queried.extend(keys(query));
    }
    let slos = print("slo", &prefix, &catalogue);
    for slo in slos.as_array().unwrap() {
        queried.extend(keys(slo["customSli"]["indicator"].as_str().unwrap()));
    }
    let alerts = print("alerts", &prefix, &catalogue);
    for alert in alerts.as_array().unwrap() {
        let input = &alert["value"]["analyzer"]["input"][0];
        assert_eq!(input["key"], "query");
        queried.extend(keys(input["value"].as_str().unwrap()));
    }
    assert_eq!(
        (
            slos.as_array().unwrap().len(),
            alerts.as_array().unwrap().len()
        ),
        (4, 4)
    );
    let unknown: Vec<_> = queried.difference(&sent).collect();
    assert!(unknown.is_empty(), "{unknown:?} of {sent:?}");
    assert!(queried.len() >= 12, "{queried:?}");

    // The program has handed its catalogue over, with its prefix.
    let arrived = server.wait_for(limit, |state| state.totals().catalogs > 0);
    assert!(arrived);
    let url = server.page_url();
    assert_eq!(print("slo", &["--from", &url], ""), slos);
    assert_eq!(print("alerts", &["--from", &url], ""), alerts);
    metrics.shutdown(limit).unwrap();
}
