//! Each example runs as a program of its own, against the local endpoint.

use std::process::Command;

use dt_metrics_local::Server;

/// Runs the program to its end; returns its output and the endpoint to which it delivered.
fn run(program: &str) -> (String, Server) {
    let server = Server::builder().start().expect("a port is free");
    let output = Command::new(program)
        .env("DT_METRICS_INGEST_URL", server.url())
        .env_remove("DT_METRICS_INGEST_API_TOKEN")
        .output()
        .expect("it was built with this test");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}\n{errors}");
    assert_eq!(server.rejected(), [], "no line is refused");
    (printed, server)
}

/// The values and the newest value of all series of a metric with these dimensions.
fn series(server: &Server, metric: &str, dimensions: &[(&str, &str)]) -> (u64, f64) {
    let all = server.series().into_iter();
    all.filter(|series| series.metric == metric && series.has_dimensions(dimensions))
        .fold((0, 0.0), |(values, total), series| {
            (values + series.values, total + series.total)
        })
}

#[test]
fn actix_service() {
    let (printed, server) = run(env!("CARGO_BIN_EXE_actix_service"));
    let duration = "shop.http.server.request.duration";
    for (method, route, status, count) in [
        ("GET", "/orders/{id}", "200", 3),
        ("GET", "/orders/{id}", "404", 1),
        ("POST", "/orders", "200", 1),
    ] {
        let dimensions = [
            ("http.request.method", method),
            ("http.route", route),
            ("http.response.status_code", status),
        ];
        assert_eq!(
            series(&server, duration, &dimensions).0,
            count,
            "{dimensions:?}"
        );
    }
    assert_eq!(series(&server, duration, &[]).0, 5);
    assert!(printed.contains("404 Not Found"), "{printed}");
}

#[test]
fn tonic_service() {
    let (printed, server) = run(env!("CARGO_BIN_EXE_tonic_service"));
    for (status, count) in [("OK", 3), ("NOT_FOUND", 1)] {
        let dimensions = [
            ("rpc.method", "grpc.health.v1.Health/Check"),
            ("rpc.response.status_code", status),
        ];
        let (calls, _) = series(&server, "shop.rpc.server.call.duration", &dimensions);
        assert_eq!(calls, count, "{status}");
    }
    let failed = [("outcome", "err")];
    assert_eq!(
        series(&server, "shop.health.look_up.duration", &failed).0,
        1
    );
    assert!(printed.contains("NotServing"), "{printed}");
}

#[test]
fn sqlite_pool() {
    let (printed, server) = run(env!("CARGO_BIN_EXE_sqlite_pool"));
    let calls = |dimensions: &[(&str, &str)]| {
        server
            .counter_total("shop.order.calls", dimensions)
            .to_string()
    };
    assert_eq!(calls(&[("outcome", "ok")]), "3");
    assert_eq!(calls(&[("error.type", "sold_out")]), "2");
    assert_eq!(calls(&[("error.type", "unknown_article")]), "1");
    let refills = server.counter_total("shop.worker.refills", &[("outcome", "ok")]);
    assert_eq!(refills.to_string(), "2");
    let pool = "shop.db.client.connection.count";
    for (state, connections) in [("used", "1"), ("idle", "3")] {
        let lines = server.lines().into_iter();
        let mut lines =
            lines.filter(|line| line.key == pool && line.text.contains(&format!("state={state}")));
        let first = lines.next().expect("a line").text;
        assert!(first.contains(&format!("gauge,{connections}")), "{first}");
    }
    assert!(printed.contains("book: 1 left"), "{printed}");
}
