//! The example whose catalogue becomes a dashboard: it prints its catalogue, and delivers its
//! metrics.

use std::process::{Command, Output};

use dt_metrics_local::Server;

const PROGRAM: &str = env!("CARGO_BIN_EXE_dashboard");

fn said(output: Output) -> String {
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaints}");
    String::from_utf8(output.stdout).expect("it is text")
}

#[test]
fn delivered_metrics_are_in_the_printed_catalogue() {
    let print = Command::new(PROGRAM).arg("--catalog").output();
    let catalogue = said(print.expect("it was built with this test"));
    assert!(catalogue.starts_with("[\n{\"name\":\"basket.size\",\"kind\":\"gauge\""));

    let server = Server::builder().start().expect("a port is free");
    let deliver = Command::new(PROGRAM)
        .env("DT_METRICS_INGEST_URL", server.url())
        .env_remove("DT_METRICS_INGEST_API_TOKEN")
        .output();
    said(deliver.expect("it was built with this test"));
    assert_eq!(server.rejected(), []);
    let keys: Vec<_> = server.lines().iter().map(|line| line.key.clone()).collect();
    // Nothing was in flight at the poll, and an unchanged zero is not sent.
    assert!(catalogue.contains("{\"name\":\"order.in_flight\""));
    for name in [
        "basket.size",
        "items.sold",
        "order.calls",
        "order.duration",
        "order.value",
        "stock",
    ] {
        assert!(
            catalogue.contains(&format!("{{\"name\":\"{name}\"")),
            "{name}"
        );
        assert!(keys.contains(&format!("shop.{name}")), "{name} in {keys:?}");
    }
}
