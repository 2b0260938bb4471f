//! The live page over HTTP: files, snapshot, stream, history.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use dt_metrics_local::Server;
use dt_metrics_local::store::Limits;
use serde_json::{Value, json};

use crate::client::{LONG, Reply, connect, ingest, post, raw, request};

fn server() -> Server {
    Server::builder().start().expect("a free port is there")
}

fn get(server: &Server, path: &str) -> Reply {
    raw(server.address(), &request("GET", path, &[], b""))
}

fn snapshot(server: &Server) -> Value {
    let reply = get(server, "/api/snapshot");
    assert_eq!(reply.header("content-type"), Some("application/json"));
    reply.json()
}

/// A page that watches.
struct Stream(BufReader<TcpStream>);

impl Stream {
    fn open(server: &Server, path: &str, headers: &[(&str, &str)]) -> Self {
        let mut stream = connect(server.address());
        stream
            .write_all(&request("GET", path, headers, b""))
            .expect("the server reads");
        let mut lines = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(lines.read_line(&mut head).unwrap(), 0, "{head}");
        }
        let is_stream = head.contains("200 OK") && head.contains("text/event-stream");
        assert!(is_stream, "{head}");
        Self(lines)
    }

    /// The next event: its id and its data.
    fn event(&mut self) -> (String, Value) {
        let id = self.line("id: ");
        let data = self.line("data: ");
        (id, serde_json::from_str(&data).unwrap())
    }

    fn line(&mut self, begin: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.0.read_line(&mut line).unwrap(), 0, "it has ended");
            if let Some(rest) = line.strip_prefix(begin) {
                return rest.trim_end().to_owned();
            }
        }
    }
}

#[test]
fn the_page_and_all_it_names_are_there_and_come_from_here() {
    let server = server();
    assert_eq!(server.page_url(), format!("http://{}/", server.address()));
    let mut paths = vec!["/".to_owned()];
    let mut seen = 0;
    while let Some(path) = paths.get(seen).cloned() {
        seen += 1;
        let reply = get(&server, &path);
        assert_eq!(reply.status, 200, "{path}");
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'self';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        let foreign = reply.body.replace("http://www.w3.org/", "");
        assert!(!foreign.contains("http://") && !foreign.contains("https://"));
        for part in reply.body.split(['"', '\'']) {
            let relative = part.strip_prefix("./").or(part.strip_prefix("../"));
            let named = match relative {
                Some(file) => format!("/assets/{file}"),
                None if part.starts_with("/assets/") => part.to_owned(),
                None => continue,
            };
            if !paths.contains(&named) {
                paths.push(named);
            }
        }
    }
    assert!(seen > 10, "{paths:?}");
    // Looking is not sending.
    assert_eq!(server.totals().requests, 0);
}

#[test]
fn lines_sent_to_the_page_get_a_hint_about_the_path() {
    let server = server();
    for path in ["/", "/events", "/api/snapshot"] {
        let reply = post(&server, path, &[], "aaa gauge,1");
        assert_eq!(reply.status, 404);
        assert!(reply.body.contains("/api/v2/metrics/ingest"));
    }
}

#[test]
fn the_snapshot_is_everything() {
    let server = server();
    let lines = [
        r#"#orders count dt.meta.unit=1,dt.meta.description="Orders \"taken\"""#,
        "orders,region=eu count,delta=3",
        "orders,region=eu count,delta=4",
        "size gauge,min=1,max=5,sum=6,count=2",
        "orders,region= count,delta=1",
        "orders,=eu count,delta=1",
    ];
    ingest(&server, &lines.join("\n"));
    let all = snapshot(&server);
    assert_eq!(all["is_first"], true);
    assert_eq!(all["totals"]["lines"], 4);
    assert_eq!(all["totals"]["refused"], 1);
    assert_eq!(all["totals"]["notes"], 1);
    assert_eq!(
        all["metadata"],
        json!([{
            "key": "orders", "type": "count", "unit": "1",
            "description": "Orders \"taken\"", "display_name": null,
        }])
    );
    let first = |id: usize| all["series"][id]["first"].as_u64().unwrap();
    assert!(first(0) > 0);
    assert_eq!(
        all["series"],
        json!([
            {"id": 0, "first": first(0), "metric": "orders", "kind": "count", "dimensions": [["region", "eu"]]},
            {"id": 1, "first": first(1), "metric": "size", "kind": "summary", "dimensions": []},
            {"id": 2, "first": first(2), "metric": "orders", "kind": "count", "dimensions": []},
        ])
    );
    let values = |id: usize| all["values"][id].as_array().unwrap();
    assert_eq!(values(0)[..4], [json!(0), json!(2), json!(2), json!(7.0)]);
    assert_eq!(values(0)[7], json!([4.0]));
    assert_eq!(values(1)[7], json!([1.0, 5.0, 6.0, 2]));
    assert_eq!(
        all["refused"],
        json!([{
            "number": 1, "line": 6, "column": 8, "request": 1, "text": lines[5],
            "reason": "dimension key expected, found '=', column 8",
        }])
    );
    assert_eq!(
        all["notes"],
        json!([{
            "number": 1, "line": 5, "text": lines[4],
            "note": "dimension \"region\" is not stored, its value is empty", "request": 1,
            "cause": "Dimensions without a value are not stored",
        }])
    );
    let request = &all["requests"][0];
    assert_eq!(request["status"], 400);
    assert_eq!(request["lines"], 6);
    assert_eq!(request["message"], Value::Null);
    assert_eq!(request["bytes"], lines.join("\n").len());
    assert!(request["took_ms"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_refused_request_has_its_reason() {
    let server = server();
    post(&server, "/metrics/ingest", &[], "orders 1");
    if cfg!(feature = "otlp") {
        let json = [("Content-Type", "application/json")];
        post(&server, "/v1/metrics", &json, "{}");
    }
    let all = snapshot(&server);
    for request in all["requests"].as_array().unwrap() {
        assert_eq!(request["status"], 415);
        let message = request["message"].as_str().unwrap();
        let expected = match request["protocol"].as_str() {
            Some("OTLP") => "neither JSON nor gRPC is taken",
            _ => "Content-Type must be text/plain",
        };
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn points_are_drawn_at_their_timestamps() {
    let server = server();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = u64::try_from(now.as_millis()).unwrap() / 720_000 * 720_000;
    let times = [now, now - 1_800_000, now - 900_000];
    let lines: Vec<_> = times
        .iter()
        .enumerate()
        .map(|(value, at)| format!("depth {value} {at}"))
        .collect();
    assert_eq!(ingest(&server, &lines.join("\n")).status, 202);
    let history = get(&server, "/api/history?step=30&series=0").json();
    let points = history["series"][0]["points"].as_array().unwrap();
    let drawn: Vec<_> = points
        .iter()
        .map(|point| (point[0].as_u64().unwrap(), point[4].as_f64().unwrap()))
        .collect();
    assert_eq!(drawn, [(times[1], 1.0), (times[2], 2.0), (times[0], 0.0)]);
    // The value of the gauge is the newest one.
    assert_eq!(snapshot(&server)["values"][0][3], 0.0);
}

#[test]
fn hostile_text_stays_text() {
    let server = server();
    let hostile = "</script><script>alert(1)</script>&quot;";
    let line = format!("mmm,a=\"{hostile}\" gauge,1");
    assert_eq!(ingest(&server, &line).status, 202);
    ingest(
        &server,
        &format!("<img src=x>{hostile}\u{2028}\u{202e}\r gauge,1"),
    );
    let all = snapshot(&server);
    assert_eq!(all["series"][0]["dimensions"][0][1], hostile);
    // A line break within a value would end the event.
    let mut stream = Stream::open(&server, "/events", &[]);
    let (_, event) = stream.event();
    assert_eq!(event["series"], all["series"]);
    assert_eq!(event["refused"], all["refused"]);
}

#[test]
fn the_stream_contains_only_changes() {
    let server = server();
    ingest(&server, "aaa gauge,1\nbbb gauge,1\nbad");
    let mut stream = Stream::open(&server, "/events", &[]);
    let (first, event) = stream.event();
    assert_eq!(event["is_first"], true);
    assert_eq!(event["cursor"], first);
    assert_eq!(event["values"].as_array().unwrap().len(), 2);
    ingest(&server, "aaa gauge,2\nccc gauge,3");
    let (second, event) = stream.event();
    assert_ne!(first, second);
    assert_eq!(event["is_first"], false);
    assert_eq!(event["series"][0]["metric"], "ccc");
    let ids: Vec<_> = event["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|values| &values[0])
        .collect();
    assert_eq!(ids, [0, 2]);
    assert_eq!(event["refused"], json!([]));
    assert_eq!(event["requests"].as_array().unwrap().len(), 1);
}

#[test]
fn a_page_that_reconnects_receives_missed_events() {
    let server = server();
    ingest(&server, "aaa gauge,1");
    let (cursor, _) = Stream::open(&server, "/events", &[]).event();
    ingest(&server, "bbb gauge,1");
    let since = format!("/events?since={cursor}");
    for (path, headers) in [
        (&*since, &[][..]),
        ("/events", &[("Last-Event-ID", &*cursor)]),
        // The header is newer than the address.
        ("/events?since=1-0-0-0-0-0", &[("Last-Event-ID", &*cursor)]),
    ] {
        let (_, event) = Stream::open(&server, path, headers).event();
        assert_eq!(event["is_first"], false);
        assert_eq!(event["series"].as_array().unwrap().len(), 1, "{event}");
    }
    // A number of another run of the server, or none at all, is worth nothing.
    for since in ["1-1-0-0-0-1", "nonsense", ""] {
        let path = format!("/events?since={since}");
        let (_, event) = Stream::open(&server, &path, &[]).event();
        assert_eq!(event["is_first"], true);
        assert_eq!(event["series"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn a_reset_restarts_the_page() {
    let server = server();
    ingest(&server, "aaa gauge,1");
    let mut stream = Stream::open(&server, "/events", &[]);
    let (before, _) = stream.event();
    server.reset();
    // As many lines as before: only the number of resets distinguishes them.
    ingest(&server, "bbb gauge,1");
    let (_, event) = stream.event();
    assert_eq!(event["is_first"], true);
    assert_eq!(event["series"].as_array().unwrap().len(), 1, "{event}");
    assert_eq!(event["series"][0]["metric"], "bbb");
    let again = format!("/events?since={before}");
    let (_, event) = Stream::open(&server, &again, &[]).event();
    assert_eq!(event["is_first"], true);
    assert_eq!(snapshot(&server)["totals"]["lines"], 1);
}

#[test]
fn events_are_throttled() {
    let server = server();
    let mut stream = Stream::open(&server, "/events", &[]);
    stream.event();
    let begun = Instant::now();
    let mut told = 0;
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..200 {
                ingest(&server, "aaa count,delta=1");
            }
        });
        loop {
            let (_, event) = stream.event();
            told += 1;
            if event["values"][0][3] == 200.0 {
                break;
            }
        }
    });
    let seconds = begun.elapsed().as_secs();
    assert!(told <= seconds + 2, "{told} in {seconds} s");
}

#[test]
fn pages_are_limited_and_one_that_leaves_makes_room() {
    let server = server();
    let mut streams: Vec<_> = (0..16)
        .map(|_| Stream::open(&server, "/events", &[]))
        .collect();
    for stream in &mut streams {
        stream.event();
    }
    assert_eq!(get(&server, "/events").status, 503);
    streams.pop();
    let deadline = Instant::now() + LONG;
    let is_room = || {
        let mut stream = connect(server.address());
        stream
            .write_all(&request("GET", "/events", &[], b""))
            .expect("the server reads");
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        line.contains("200")
    };
    while !is_room() {
        assert!(Instant::now() < deadline, "no room");
        thread::yield_now();
    }
}

#[test]
fn history_has_the_points_of_the_requested_series() {
    let server = server();
    ingest(&server, "aaa count,delta=2\nbbb gauge,5");
    for step in [1, 30, 720] {
        let reply = get(&server, &format!("/api/history?step={step}&series=1,0,7"));
        let history = reply.json();
        assert_eq!(history["step_ms"], step * 1_000);
        let series = history["series"].as_array().unwrap();
        let ids: Vec<_> = series.iter().map(|series| &series["id"]).collect();
        assert_eq!(ids, [1, 0, 7]);
        let point = series[1]["points"][0].as_array().unwrap();
        assert_eq!(point[0].as_u64().unwrap() % (step * 1_000), 0);
        assert_eq!(point[1..], [json!(1.0), json!(2.0), json!(2.0), json!(2.0)]);
        assert_eq!(series[2]["points"], json!([]));
    }
    let many = format!("/api/history?series={}", ["0"; 201].join(","));
    for path in ["/api/history?step=2", "/api/history?series=x", &many] {
        assert_eq!(get(&server, path).status, 400, "{path}");
    }
}

#[test]
fn series_beyond_the_limit_have_no_history() {
    let limits = Limits::default().histories(1);
    let server = Server::builder().limits(limits).start().unwrap();
    ingest(&server, "aaa gauge,1\nbbb gauge,1");
    let history = get(&server, "/api/history?series=0,1").json();
    let points = |place: usize| history["series"][place]["points"].as_array().unwrap().len();
    assert_eq!((points(0), points(1)), (1, 0));
}

/// One push of ten thousand series, in requests of a thousand lines.
fn push_of(round: u32) -> Vec<String> {
    (0..10)
        .map(|part| {
            let mut body = String::new();
            for number in part * 1_000..(part + 1) * 1_000 {
                writeln!(body, "load.test,series=s{number} count,delta={round}").unwrap();
            }
            body
        })
        .collect()
}

#[test]
fn ten_thousand_series_leave_the_server_responsive() {
    let limits = Limits::default().lines(1_000).requests(100);
    let server = Server::builder().limits(limits).start().unwrap();
    let mut stream = Stream::open(&server, "/events", &[]);
    let mut took = Vec::new();
    for round in 1..=3 {
        for body in push_of(round) {
            assert_eq!(ingest(&server, &body).status, 202);
            let begun = Instant::now();
            assert_eq!(ingest(&server, "probe gauge,1").status, 202);
            took.push(begun.elapsed());
        }
    }
    took.sort_unstable();
    let median = took[took.len() / 2];
    assert!(median < Duration::from_millis(50), "{median:?}");
    loop {
        let (_, event) = stream.event();
        if event["totals"]["lines"] == 30_030 {
            break;
        }
    }
    let all = snapshot(&server);
    assert_eq!(all["series"].as_array().unwrap().len(), 10_001);
    // No list in a frame grows with time.
    assert_eq!(all["requests"].as_array().unwrap().len(), 60);
}
