use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::SystemTime;

use clap::{CommandFactory, Parser};
use dt_metrics_local::Server;

use super::{Args, format, table};

fn ingest(server: &Server, body: &str) {
    let mut stream = TcpStream::connect(server.address()).expect("the server listens");
    write!(
        stream,
        "POST /metrics/ingest HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\
         Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("the server reads");
    stream
        .read_to_end(&mut Vec::new())
        .expect("the server answers");
}

fn frame(server: &Server, rows: usize) -> String {
    server.inspect(|state| table::frame(state, SystemTime::now(), rows))
}

#[test]
fn arguments() {
    Args::command().debug_assert();
    let args = Args::parse_from(["dt-metrics-local"]);
    assert_eq!(
        (args.listen.as_str(), args.token),
        ("127.0.0.1:14499", None)
    );
    let args = Args::parse_from(["dt-metrics-local", "--listen", "[::1]:1", "--token", "t"]);
    assert_eq!(
        (args.listen.as_str(), args.token.as_deref()),
        ("[::1]:1", Some("t"))
    );
    assert!(Args::try_parse_from(["dt-metrics-local", "--token", ""]).is_err());
}

#[test]
fn a_frame_shows_series_and_what_was_refused() {
    let server = Server::builder().start().expect("a free port is there");
    assert!(frame(&server, 10).contains("No lines yet."));
    ingest(
        &server,
        "orders,region=eu count,delta=3\norders,region=eu count,delta=4\ndepth gauge,1.25\n\
         size gauge,min=1,max=3,sum=8,count=4\nbad\u{1b}[2J gauge,1",
    );
    let frame = frame(&server, 10);
    for part in [
        "4 lines",
        "1 refused",
        "orders",
        "region=eu",
        "count",
        "7",
        "1.25",
        "4 values, mean 2, last 1 to 3",
        "bad\u{fffd}[2J gauge,1",
        r"metric key may not contain '\u{1b}', column 4",
    ] {
        assert!(frame.contains(part), "{part} is not in\n{frame}");
    }
    assert!(!frame.contains('\u{1b}'));
}

#[test]
fn a_frame_is_no_longer_than_asked() {
    let server = Server::builder().start().expect("a free port is there");
    let body: Vec<_> = (0..50).map(|n| format!("m,n={n} count,delta=1")).collect();
    ingest(&server, &body.join("\n"));
    let frame = frame(&server, 10);
    assert!(frame.contains("… and 40 more series"), "{frame}");
    assert_eq!(frame.matches("n=").count(), 10);
}

#[test]
fn numbers() {
    for (number, text) in [
        (0.0, "0"),
        (7.0, "7"),
        (100.0, "100"),
        (-2.5, "-2.5"),
        (0.1234, "0.123"),
        (0.000_01, "1.000e-5"),
        (1e18, "1.000e18"),
    ] {
        assert_eq!(format::number(number), text);
    }
}

#[test]
fn cut_texts() {
    assert_eq!(format::cut("four", 4), "four");
    assert_eq!(format::cut("fünfe", 4), "fün…");
    assert_eq!(format::cut("a\nb", 4), "a\u{fffd}b");
}
