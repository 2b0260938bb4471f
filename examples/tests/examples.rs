//! Each example runs as a program of its own, against the local endpoint.

use std::process::{Command, Output};

use dt_metrics_local::Server;

/// The version of each program.
const VERSION: &str = "1.2.3";

/// The output of a program, and the endpoint to which it delivered.
struct Run {
    said: String,
    server: Server,
}

/// Runs the program to its end, configured by its environment alone.
fn run(program: &str) -> Run {
    run_with(program, &[])
}

fn run_with(program: &str, arguments: &[&str]) -> Run {
    let server = Server::builder().start().expect("a port is free");
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(program)
        .args(arguments)
        .env("DT_METRICS_INGEST_URL", server.url())
        .env("DT_RELEASE_VERSION", VERSION)
        .env_remove("DT_METRICS_INGEST_API_TOKEN")
        .env_remove("OTEL_METRIC_EXPORT_INTERVAL")
        .env_remove("OTEL_SERVICE_NAME")
        .env_remove("OTEL_RESOURCE_ATTRIBUTES")
        .output()
        .expect("it was built with this test");
    let said = String::from_utf8_lossy(&stdout).into_owned();
    let complaints = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{status}\n{said}\n{complaints}");
    assert_eq!(server.rejected(), [], "no line is refused");
    Run { said, server }
}

impl Run {
    /// The sum of all that was counted under this key and with these dimensions.
    #[track_caller]
    fn counted(&self, key: &str, dimensions: &[(&str, &str)], expected: u32) {
        let total = self.server.counter_total(key, dimensions);
        assert!(
            (total - f64::from(expected)).abs() < 1e-9,
            "{key} {dimensions:?}: {total}, not {expected}; there is {:#?}",
            self.server.counts()
        );
    }

    /// The number of measured values, and their sum; for gauges, the number of lines and the last
    /// value.
    fn measured(&self, key: &str, dimensions: &[(&str, &str)]) -> (u64, f64) {
        self.server.inspect(|state| {
            let series = state.series().filter(|series| series.metric == key);
            series
                .filter(|series| series.has_dimensions(dimensions))
                .fold((0, 0.0), |(values, total), series| {
                    (values + series.values, total + series.total)
                })
        })
    }

    #[track_caller]
    fn says(&self, words: &str) {
        assert!(self.said.contains(words), "{words:?} in {}", self.said);
    }
}

#[test]
fn quickstart() {
    // It brings an endpoint of its own, and ends with 1 if a call is missing there.
    run(env!("CARGO_BIN_EXE_quickstart")).says("lines refused: 0");
}

#[cfg(unix)]
#[test]
fn crash() {
    // It brings an endpoint of its own, and ends with 1 if a count or a value is missing there.
    let run = run(env!("CARGO_BIN_EXE_crash"));
    run.says("signal: 6");
    run.says("orders received     1000000, bulk orders of  505000 ct");
}

#[test]
fn minimal() {
    let run = run(env!("CARGO_BIN_EXE_minimal"));
    for (tier, outcome) in [("gold", "ok"), ("free", "ok"), ("silver", "err")] {
        run.counted("orders.calls", &[("tier", tier), ("outcome", outcome)], 1);
    }
}

#[test]
fn the_first_program_of_the_readme_is_an_example() {
    let readme = include_str!("../../README.md");
    let program = include_str!("../minimal.rs");
    let (_, program) = program.split_once("\n\n").expect("a header");
    assert!(
        readme.contains(program),
        "README.md does not have {program}"
    );
}

/// Runs the first program of the README against this endpoint; returns its output.
fn minimal_at(url: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_minimal"))
        .env("DT_METRICS_INGEST_URL", url)
        .env(
            "DT_METRICS_INGEST_API_TOKEN",
            "dt0c01.WRONG.SECRETSECRETSECRET",
        )
        .output()
        .expect("it was built with this test");
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success(),
        "telemetry fails no program: {printed}"
    );
    assert!(!printed.contains("SECRET"), "{printed}");
    printed
}

#[test]
fn the_first_program_prints_failures() {
    let server = Server::builder().token("dt0c01.RIGHT.SECRET").start();
    let server = server.expect("a port is free");
    let printed = minimal_at(&server.url());
    assert!(printed.contains("401"), "{printed}");
    assert!(printed.contains("the token is wrong"), "{printed}");

    let url = server.url();
    drop(server);
    let printed = minimal_at(&url);
    assert!(printed.contains("cannot connect"), "{printed}");
    assert!(printed.contains("data points dropped"), "{printed}");
}

#[test]
fn getting_started() {
    let run = run_with(env!("CARGO_BIN_EXE_getting_started"), &["2"]);
    let environment = ("environment", "laptop");
    let dimensions = [("dimension-1", "value-1"), environment];
    run.counted("getting_started.MyCounter", &dimensions, 25);
    for drink in ["espresso", "flat_white", "tea"] {
        let of_drink = [("drink", drink), environment];
        let (orders, seconds) = run.measured("getting_started.order.duration", &of_drink);
        let calls = run
            .server
            .counter_total("getting_started.order.calls", &of_drink);
        assert!(orders > 0 && seconds > 0.0, "{drink}");
        assert_eq!(orders.to_string(), calls.to_string(), "{drink}");
    }
    let (pushes, _) = run.measured("getting_started.rush", &[environment]);
    assert!(pushes >= 2, "{pushes}");
    run.says("http://127.0.0.1:14499");
}

#[test]
fn axum_service() {
    let run = run(env!("CARGO_BIN_EXE_axum_service"));
    let duration = "shop.http.server.request.duration";
    let show = ("http.route", "/orders/{id}");
    for (status, count) in [("200", 3), ("404", 1)] {
        let at = [show, ("http.response.status_code", status)];
        assert_eq!(run.measured(duration, &at).0, count, "{status}");
    }
    let placed = ("http.route", "/orders");
    let sold_out = [placed, ("http.response.status_code", "409")];
    assert_eq!(run.measured(duration, &sold_out).0, 1);
    let received = run.measured("shop.http.server.request.body.size", &sold_out);
    assert_eq!(received, (1, 5.0));
    run.counted("shop.orders.place.calls", &[("outcome", "ok")], 1);
    run.counted("shop.orders.place.calls", &[("outcome", "err")], 1);
    run.says("404 Not Found");
}

/// The values of `dt-metrics-system` that the service delivers with its own.
#[test]
fn axum_service_delivers_its_process_its_runtime_and_its_build() {
    let run = run(env!("CARGO_BIN_EXE_axum_service"));
    let (_, memory) = run.measured("shop.process.memory.usage", &[]);
    assert!(memory > 1e6, "{memory}");
    let (_, workers) = run.measured("shop.tokio.worker.count", &[]);
    assert!(workers >= 1.0, "{workers}");
    let version = [("version", VERSION)];
    let (lines, one) = run.measured("shop.build.info", &version);
    assert!(lines >= 1 && (one - 1.0).abs() < 1e-9, "{lines} {one}");
}

#[test]
fn short_job() {
    let run = run(env!("CARGO_BIN_EXE_short_job"));
    run.counted("nightly.import.line.calls", &[("outcome", "ok")], 2);
    run.counted("nightly.import.line.calls", &[("outcome", "err")], 1);
    run.counted("nightly.import.run.calls", &[("outcome", "ok")], 1);
    run.counted("nightly.import.bytes", &[], 40);
    assert_eq!(run.measured("nightly.import.total", &[]), (1, 150.0));
    run.says("150 imported");
}

#[test]
fn lambda() {
    let run = run(env!("CARGO_BIN_EXE_lambda"));
    run.counted("lambda.orders.handle.calls", &[("outcome", "ok")], 2);
    run.counted("lambda.orders.handle.calls", &[("outcome", "err")], 1);
    // Each invocation has pushed before its answer.
    let delivered: Vec<u64> = run
        .said
        .lines()
        .filter_map(|line| line.strip_suffix(" data points delivered")?.parse().ok())
        .collect();
    assert_eq!(delivered.len(), 3);
    assert!(delivered[0] > 0, "{delivered:?}");
    assert!(delivered.is_sorted_by(|a, b| a < b), "{delivered:?}");
}

#[test]
fn caches() {
    let run = run(env!("CARGO_BIN_EXE_caches"));
    for cache in ["users", "orders"] {
        let (hit, miss) = (("result", "hit"), ("result", "miss"));
        run.counted("shop.cache.requests", &[("cache", cache), hit], 6);
        run.counted("shop.cache.requests", &[("cache", cache), miss], 4);
        let entries = run.measured(&format!("shop.cache.{cache}.entries"), &[]);
        assert_eq!(entries, (1, 4.0));
    }
    run.says("`cache.price list.entries` is not a valid instrument name");
}

#[test]
fn metrics_facade() {
    let run = run(env!("CARGO_BIN_EXE_metrics_facade"));
    for table in ["orders", "users"] {
        run.counted("shop.database.queries", &[("table", table)], 2);
        let rows = run.measured("shop.database.rows", &[("table", table)]);
        assert_eq!(rows, (2, 6.0));
    }
    assert_eq!(run.measured("shop.database.connections", &[]), (1, 1.0));
    run.counted("shop.report.calls", &[], 2);
    run.says("12 rows");
}

#[test]
fn tokio_worker() {
    let run = run(env!("CARGO_BIN_EXE_tokio_worker"));
    for (kind, size) in [("thumbnail", 1_000.0), ("preview", 50_000.0)] {
        let sizes = run.measured("worker.job.size", &[("kind", kind)]);
        assert_eq!(sizes, (50, 50.0 * size), "{kind}");
    }
    let (lines, going_on) = run.measured("worker.job.in_flight", &[]);
    assert!(
        lines >= 4,
        "a flush while jobs are going on, and one after: {lines}"
    );
    assert!(going_on.abs() < 1e-9, "{going_on} at the end");
    run.says("100 jobs done");
}

#[test]
fn plain_threads() {
    let run = run(env!("CARGO_BIN_EXE_plain_threads"));
    run.counted("plain.scan.bytes", &[], 10_000_000);
    for worker in ["0", "1", "2", "3"] {
        let scans = run.measured("plain.scan.time", &[("worker", worker)]).0;
        assert_eq!(scans, 250, "worker {worker}");
    }
    let pairs = run.measured("plain.scan.pairs", &[]).1;
    run.says(&format!("1000 blocks scanned by 4 threads, {pairs} pairs"));
}

#[test]
fn library_user() {
    let run = run(env!("CARGO_BIN_EXE_library_user"));
    run.counted("till.money.parse.calls", &[("outcome", "ok")], 2);
    run.counted("till.money.parse.calls", &[("outcome", "err")], 1);
    run.counted("till.money.formatted", &[("currency", "euro")], 2);
    run.says("€12.50");
    run.says("money.parse.duration   in dt_metrics_example_library");
}

#[test]
fn own_exporter() {
    let run = run(env!("CARGO_BIN_EXE_own_exporter"));
    for words in [
        "coins +2 side=heads",
        "coins +1 side=tails",
        "the exporter ends",
    ] {
        run.says(words);
    }
    run.counted("casino.coins", &[("side", "heads")], 2);
    run.counted("casino.coins", &[("side", "tails")], 2);
}

#[test]
fn testing() {
    let run = run(env!("CARGO_BIN_EXE_testing"));
    run.counted("bank.withdraw.calls", &[("currency", "eur")], 2);
    run.counted("bank.transfer.calls", &[("outcome", "err")], 1);
    assert_eq!(run.measured("bank.withdraw.left", &[]), (1, 70.0));
}

#[test]
fn existing_provider() {
    let run = run(env!("CARGO_BIN_EXE_existing_provider"));
    let at = [
        ("country", "at"),
        ("environment", "laptop"),
        ("host.name", "laptop-7"),
        ("service.name", "billing"),
    ];
    run.counted("legacy.invoices", &at, 2);
    assert_eq!(run.measured("legacy.invoice.amount", &at), (2, 40.0));
    run.counted("legacy.reminders", &[("country", "fr"), at[1]], 1);
}

/// A program whose metrics cannot be delivered still exits with success, and reports the failure.
#[test]
fn a_program_whose_metrics_cannot_be_delivered_ends_well() {
    let server = Server::builder()
        .token("another")
        .start()
        .expect("a port is free");
    for program in [
        env!("CARGO_BIN_EXE_axum_service"),
        env!("CARGO_BIN_EXE_caches"),
        env!("CARGO_BIN_EXE_existing_provider"),
        env!("CARGO_BIN_EXE_lambda"),
        env!("CARGO_BIN_EXE_library_user"),
        env!("CARGO_BIN_EXE_metrics_facade"),
        env!("CARGO_BIN_EXE_own_exporter"),
        env!("CARGO_BIN_EXE_plain_threads"),
        env!("CARGO_BIN_EXE_short_job"),
        env!("CARGO_BIN_EXE_testing"),
        env!("CARGO_BIN_EXE_tokio_worker"),
    ] {
        let output = Command::new(program)
            .env("DT_METRICS_INGEST_URL", server.url())
            .env("DT_METRICS_INGEST_API_TOKEN", "a-wrong-one")
            .output()
            .expect("it was built with this test");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program}: {errors}");
        assert!(errors.contains("metrics: "), "{program}: {errors}");
    }
    assert!(server.lines().is_empty());
}
