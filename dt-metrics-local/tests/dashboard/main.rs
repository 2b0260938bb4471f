//! `dt-metrics-local dashboard`: from a program's metrics to a dashboard that shows each of them.
#![cfg(feature = "dashboard")]
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panic"
)]

mod dql;
mod objectives;
mod schema;
#[cfg(feature = "check")]
mod sent;
mod shape;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};

use dt_metrics::{count, gauge, in_flight, measured, observed, recorded, timed};
use dt_metrics_local::Server;

use self::dql::Timeseries;
use self::shape::{Chart, Dashboard};

/// The annotations of a program: this one.
mod program {
    use super::{count, gauge, in_flight, measured, observed, recorded, timed};

    #[measured(
        name = "order",
        dims(region = region),
        objective(success = "99.9%", latency = "250ms", percentile = "95%")
    )]
    #[recorded(name = "order.value", unit = "{euro}", value = 1, dims(region = region))]
    #[allow(clippy::unnecessary_wraps, reason = "the outcome is a dimension")]
    fn order(region: &str, during: impl FnOnce()) -> Result<(), ()> {
        during();
        count!(
            "items-sold",
            2,
            description = "Items that were sold. Returned ones too.",
            unit = "{item}",
            dims("delivery-type" = "parcel", total = true)
        );
        gauge!("basket.2nd", 3, unit = "By", dims(region = region));
        Ok(())
    }

    #[timed(name = "backup", unit = "ms")]
    #[in_flight(name = "backups")]
    fn back_up(during: impl FnOnce()) {
        during();
    }

    #[observed(name = "stock", description = "\"Items\"\non the shelf")]
    fn stock() -> u64 {
        7
    }

    /// Calls all of them; `during` runs while they are in flight.
    pub(super) fn run(during: impl FnOnce()) {
        back_up(|| {
            let _ = order("eu", during);
        });
    }
}

fn run(arguments: &[&str], input: &str) -> Output {
    command("dashboard", arguments, input)
}

fn command(name: &str, arguments: &[&str], input: &str) -> Output {
    let mut process = Command::new(env!("CARGO_BIN_EXE_dt-metrics-local"))
        .arg(name)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may have ended already with an error message.
    let _ = process.stdin.take().unwrap().write_all(input.as_bytes());
    process.wait_with_output().unwrap()
}

const NO_PREFIX: &str = "dt-metrics-local: the queries use the keys of the catalogue; if the program sets a prefix, add --prefix\n";

fn dashboard(arguments: &[&str], input: &str) -> Dashboard {
    let output = run(arguments, input);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    // The keys are not known without the prefix.
    let named = ["--prefix", "--from"];
    let doubt = if arguments.iter().any(|argument| named.contains(argument)) {
        ""
    } else {
        NO_PREFIX
    };
    assert_eq!(said, doubt);
    shape::check(&String::from_utf8(output.stdout).unwrap())
}

fn error(arguments: &[&str], input: &str) -> String {
    let output = run(arguments, input);
    assert!(!output.status.success() && output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

/// The charts of a metric with their queries.
fn of<'d>(dashboard: &'d Dashboard, metric: &str) -> Vec<(&'d Chart, Timeseries)> {
    let read = |chart: &'d Chart| {
        let query = dql::read(&chart.query);
        (
            chart,
            query.unwrap_or_else(|e| panic!("{e}: {}", chart.query)),
        )
    };
    let charts = dashboard.charts.iter().map(read);
    charts
        .filter(|(_, query)| query.columns[0].metric == metric)
        .collect()
}

/// As `sum(default:0)`.
fn aggregations(query: &Timeseries) -> Vec<String> {
    let columns = query.columns.iter();
    columns
        .map(|column| format!("{}({})", column.aggregation, column.parameters.join(",")))
        .collect()
}

#[test]
fn every_metric_of_a_program_has_its_tile() {
    let catalogue = dt_metrics::catalog();
    let dashboard = dashboard(
        &["--prefix", "shop", "--title", "The shop"],
        &dt_metrics::catalog_json(),
    );
    assert!(dashboard.texts[0].starts_with("# The shop\n"));
    assert!(catalogue.len() >= 9);
    for descriptor in &catalogue {
        let key = format!("shop.{}", descriptor.name);
        let charts = of(&dashboard, &key);
        assert!(!charts.is_empty(), "{key}");
        for (chart, query) in charts {
            let is_rate = query.left.is_some();
            let by = descriptor.dimension_keys.iter().copied();
            let by: Vec<_> = by.filter(|key| !is_rate || *key != "outcome").collect();
            assert_eq!(query.by, by, "{}", chart.query);
            assert!(query.columns.iter().all(|column| column.metric == key));
            assert!(chart.description.contains(&key));
            let place = format!("{}:{}", descriptor.file, descriptor.line);
            assert!(chart.description.contains(&place));
            for variable in query.variables {
                assert!(dashboard.variables.contains_key(&variable), "{variable}");
            }
        }
    }
    for input in dashboard.variables.values() {
        dql::read(input).unwrap();
    }
}

#[test]
fn queries_fit_the_kind() {
    let dashboard = dashboard(&[], &dt_metrics::catalog_json());
    for (metric, expected) in [
        ("items-sold", vec![vec!["sum(default:0)"]]),
        (
            "order.value",
            vec![
                vec!["avg()", "min()", "max()"],
                vec!["sum(default:0,rollup:total)"],
            ],
        ),
        ("backups", vec![vec!["avg()", "max()"]]),
        ("stock", vec![vec!["avg()", "max()"]]),
        (
            "order.calls",
            vec![
                vec!["sum(default:0,rate:1s)"],
                vec!["sum(filter)", "sum(default:0,filter)"],
            ],
        ),
        ("order.duration", vec![vec!["avg()", "min()", "max()"]]),
        ("order.in_flight", vec![vec!["avg()", "max()"]]),
    ] {
        let seen: Vec<_> = of(&dashboard, metric)
            .iter()
            .map(|(_, query)| aggregations(query))
            .collect();
        assert_eq!(seen, expected, "{metric}");
    }
}

#[test]
fn a_measured_function_is_a_row() {
    let dashboard = dashboard(&[], &dt_metrics::catalog_json());
    let mut row = of(&dashboard, "order.calls");
    row.append(&mut of(&dashboard, "order.duration"));
    row.append(&mut of(&dashboard, "order.in_flight"));
    assert!(row.iter().all(|(chart, _)| chart.row == row[0].0.row));
    let titles: Vec<_> = row.iter().map(|(chart, _)| &*chart.title).collect();
    assert_eq!(
        titles,
        [
            "order: calls a second",
            "order: error rate (%)",
            "order: duration (s)",
            "order: in flight"
        ]
    );
    assert_eq!(row[0].1.by, ["region", "outcome"]);
    assert_eq!(row[0].0.units, []);
    // The rate of errors is for each region, in percent, whatever outcome the menu selects.
    let rate = &row[1].1;
    assert_eq!(rate.by, ["region"]);
    assert_eq!(rate.left.as_deref(), Some(&["error_rate".to_owned()][..]));
    assert!(!rate.variables.contains(&"Outcome".to_owned()));
    assert_eq!(
        row[1].0.units,
        [("error_rate".to_owned(), "percent".to_owned())]
    );
    let duration = row[2].0.units.iter().map(|(_, unit)| &**unit);
    assert!(duration.eq(["second"; 3]));
}

#[test]
fn over_otlp_durations_have_percentiles() {
    let dashboard = dashboard(&["--otlp", "--prefix", "a"], &dt_metrics::catalog_json());
    let (chart, query) = of(&dashboard, "a.order.duration").remove(0);
    assert_eq!(
        aggregations(&query),
        [
            "percentile(50)",
            "percentile(95)",
            "percentile(99)",
            "max()"
        ]
    );
    assert_eq!(chart.units.len(), 4);
}

#[test]
fn titles_and_units_agree_with_the_program() {
    let dashboard = dashboard(&[], &dt_metrics::catalog_json());
    let first = |metric| of(&dashboard, metric).remove(0).0;
    let sold = first("items-sold");
    assert_eq!(sold.title, "Items that were sold (item)");
    assert!(sold.description.contains("Returned ones too."));
    assert_eq!(sold.visualization, "barChart");
    // One of its dimensions is called as its column would be.
    assert!(sold.query.contains("total_ = sum(`items-sold`"));
    assert_eq!(first("stock").title, "\"Items\"");
    assert_eq!(first("backup").title, "backup (ms)");
    assert_eq!(first("backup").units[0].1, "millisecond");
    assert_eq!(first("basket.2nd").units[0].1, "byte");
    assert!(first("basket.2nd").query.contains("avg(`basket.2nd`)"));
}

#[test]
fn dimensions_of_all_metrics_split_and_filter_all_charts() {
    let arguments = ["--split-by", "environment", "--filter-by", "service.name"];
    let dashboard = dashboard(&arguments, &dt_metrics::catalog_json());
    let menus: Vec<_> = dashboard.variables.keys().map(|key| &**key).collect();
    assert_eq!(menus, ["Carrier", "Outcome", "Region", "ServiceName"]);
    for chart in &dashboard.charts {
        let query = dql::read(&chart.query).unwrap();
        assert_eq!(query.by.last().unwrap(), "environment");
        assert_eq!(query.variables[0], "ServiceName");
    }
    assert_eq!(of(&dashboard, "stock")[0].1.variables, ["ServiceName"; 2]);
    let order = &of(&dashboard, "order.in_flight")[0].1;
    assert!(order.variables.contains(&"Region".to_owned()));
    assert!(!order.variables.contains(&"Outcome".to_owned()));
}

#[test]
fn menus_query_all_metrics_for_their_values() {
    let entry = |n: u32| {
        format!(r#"{{"name":"m{n:02}","kind":"gauge","dimension_keys":["n0","total-2"]}}"#)
    };
    let entries: Vec<_> = (0..25).map(entry).collect();
    let dashboard = dashboard(&[], &format!("[{}]", entries.join(",")));
    assert_eq!(dashboard.charts.len(), 25);
    for (menu, dimension) in [("N0", "n0"), ("Total2", "total-2")] {
        let input = &dashboard.variables[menu];
        let query = dql::read(input).unwrap_or_else(|error| panic!("{error}: {input}"));
        assert_eq!(query.by, [dimension]);
        for n in 0..25 {
            assert!(input.contains(&format!("count(m{n:02})")), "{input}");
        }
    }
}

#[test]
fn files_are_read_and_written() {
    let directory = std::env::temp_dir().join(format!("dt-metrics-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let [from, to] = ["catalog.json", "dashboard.json"].map(|name| directory.join(name));
    std::fs::write(&from, dt_metrics::catalog_json()).unwrap();
    let arguments = [from.to_str().unwrap(), "--output", to.to_str().unwrap()];
    let output = run(&arguments, "");
    assert!(output.status.success() && output.stdout.is_empty());
    shape::check(&std::fs::read_to_string(&to).unwrap());
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn metrics_of_a_running_endpoint_are_shown() {
    let server = Server::builder().start().unwrap();
    let body = "#shop.orders count dt.meta.unit={order},dt.meta.description=Orders\n\
                shop.orders,dt.metrics.source=opentelemetry,region=eu count,delta=3\n\
                shop.orders,tier=gold count,delta=3\n\
                shop.f.calls,outcome=ok count,delta=1\n\
                shop.f.duration,outcome=ok gauge,min=1,max=1,sum=1,count=1\n\
                shop.f.in_flight gauge,0";
    let mut stream = TcpStream::connect(server.address()).unwrap();
    write!(
        stream,
        "POST /metrics/ingest HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    stream.read_to_string(&mut String::new()).unwrap();

    for url in [server.page_url(), server.url()] {
        let dashboard = dashboard(&["--from", &url], "");
        let (orders, query) = of(&dashboard, "shop.orders").remove(0);
        assert_eq!(orders.title, "Orders (order)");
        assert_eq!(query.by, ["region", "tier"]);
        let row = |metric| of(&dashboard, metric)[0].0.row;
        assert_eq!(row("shop.f.calls"), row("shop.f.in_flight"));
        assert_eq!(of(&dashboard, "shop.f.duration").len(), 1);
    }
}

/// The status and the body of the answer to a request.
fn ask(server: &Server, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), body.to_owned())
}

#[test]
fn an_endpoint_makes_a_dashboard_of_declared_and_received_metrics() {
    let server = Server::builder().start().unwrap();
    let (status, reason) = ask(&server, "GET", "/api/dashboard", "");
    assert_eq!(status, 404, "{reason}");
    let catalogue = r#"{"prefix":"shop","instruments":[
        {"name":"open","kind":"up_down_counter","unit":"{order}"},
        {"name":"dt.mine","kind":"gauge","key":null}]}"#;
    assert_eq!(ask(&server, "PUT", "/api/catalog", catalogue).0, 204);
    let lines = "shop.open 1\nshop.sold,region=eu count,delta=1\nshopping 1";
    ask(&server, "POST", "/api/v2/metrics/ingest", lines);

    let keys = |json: &str| {
        let dashboard = shape::check(json);
        let queries = dashboard.charts.iter();
        let queries = queries.map(|chart| dql::read(&chart.query).unwrap());
        queries
            .map(|query| query.columns[0].metric.clone())
            .collect::<Vec<_>>()
    };
    let (status, all) = ask(&server, "GET", "/api/dashboard", "");
    assert_eq!(status, 200);
    assert_eq!(keys(&all), ["shop.open", "shop.sold", "shopping"]);
    assert!(all.contains("an up-down counter"));
    // A program that sends no metric for an instrument has no key for it.
    let (_, catalogues) = ask(&server, "GET", "/api/catalog", "");
    assert!(
        catalogues.contains(r#""name":"dt.mine","key":null"#),
        "{catalogues}"
    );
    assert!(catalogues.contains(r#""key":"shop.open""#), "{catalogues}");
    let (_, of_shop) = ask(&server, "GET", "/api/dashboard?prefix=shop", "");
    assert_eq!(keys(&of_shop), ["shop.open", "shop.sold"]);
    assert_eq!(ask(&server, "GET", "/api/dashboard?prefix=sho", "").0, 404);
    // The command makes the same dashboard of the same metrics.
    let printed = run(&["--from", &server.page_url()], "");
    assert_eq!(String::from_utf8(printed.stdout).unwrap().trim_end(), all);
}

#[test]
fn errors_name_their_place() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let no_kind = "[{\"name\":\"a\"}]";
    for (arguments, input, said) in [
        (&[][..], "", "standard input is not a catalogue"),
        (&[], "", "it is empty"),
        (&[], no_kind, "missing field `kind` at line 1 column 13"),
        (&["-"], "[]", "the catalogue contains no metrics"),
        (&["no/such/file"], "", "no/such/file cannot be read"),
        (&["--prefix", "my shop"], no_kind, "the prefix \"my shop\""),
        (
            &["--from", &nobody],
            "",
            "check that a dt-metrics-local is running there",
        ),
        (&["--from", "localhost"], "", "\"localhost\" is not the URL"),
        (&["--from", &nobody, "file"], "", "cannot be used with"),
        (
            &["--output", "no/such/directory/x"],
            "[{\"name\":\"a\",\"kind\":\"gauge\"}]",
            "cannot be written",
        ),
    ] {
        let error = error(arguments, input);
        assert!(error.contains(said), "{arguments:?}: {error}");
    }
}

#[test]
fn left_out_metrics_are_named_on_stderr() {
    let output = run(
        &[],
        r#"[{"name":"a","kind":"gauge"},{"name":"b","kind":"gauge","conflict":"b is two things"}]"#,
    );
    assert!(output.status.success());
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        format!("dt-metrics-local: left out: b is two things\n{NO_PREFIX}")
    );
    let dashboard = shape::check(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(dashboard.charts.len(), 1);
}
