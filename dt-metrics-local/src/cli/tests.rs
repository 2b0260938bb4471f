use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, SystemTime};

use clap::{CommandFactory, Parser};
use dt_metrics_local::{Answer, Fault, Server};

use super::schedule::{self, Event};
use super::{Args, format, screen, table, text};

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
fn arguments_for_faults() {
    let parse = |arguments: &[&str]| {
        Args::try_parse_from([&["dt-metrics-local"], arguments].concat())
            .map_err(|error| error.to_string())
    };
    let args = parse(&[
        "--fault",
        "503:10",
        "--fault",
        "reset:5",
        "--fault",
        "redirect=http://other.example:80/",
        "--seed",
        "7",
        "--recover-after",
        "2.5",
        "--outage",
        "1:30",
        "--token",
        "a",
        "--next-token",
        "b",
        "--next-token-after",
        "2",
    ])
    .expect("all of them are valid");
    let url = "http://other.example:80/";
    assert_eq!(
        args.faults,
        [
            (10, 503.into()),
            (5, Fault::ResetBeforeReading),
            (1, Answer::redirect(url).into())
        ]
    );
    let seconds = Duration::from_secs;
    assert_eq!(
        schedule::events(&args),
        [
            (seconds(1), Event::StopListening),
            (seconds(2), Event::ReplaceToken("b".into())),
            (Duration::from_millis(2_500), Event::Recover),
            (seconds(31), Event::ListenAgain),
        ]
    );
    assert_eq!(
        text::faults(&args.faults, 7),
        "Faults on demand: 503:10, reset-before-reading:5, 307:1; --seed 7\n"
    );
    for (arguments, reason) in [
        (&["--fault", "503:0"][..], "a weight is at least 1"),
        (&["--fault", "sometimes"], "names no fault"),
        (&["--seed", "7"], "--fault"),
        (&["--outage", "10"], "two numbers of seconds"),
        (&["--outage", "10:x"], "expected seconds"),
        (&["--next-token", "b", "--token", "a"], "--next-token-after"),
    ] {
        let error = parse(arguments).err().expect("not valid");
        assert!(error.contains(reason), "{error}");
    }
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

/// What documents of the repository say to type.
#[test]
fn commands_of_documents() {
    let top = concat!(env!("CARGO_MANIFEST_DIR"), "/../");
    let mut commands = 0;
    for document in ["README.md", "CONTRIBUTING.md", "docs/GUIDE.md"] {
        // Not there in a package.
        let Ok(text) = std::fs::read_to_string(format!("{top}{document}")) else {
            continue;
        };
        let lines = text.lines().filter_map(|line| {
            let (_, arguments) = line.split_once("cargo run -p dt-metrics-local")?;
            // A comment and the place of the output are the shell's.
            Some(arguments.split(['#', '>']).next().unwrap_or_default())
        });
        for line in lines {
            let words = line.split_whitespace().filter(|word| *word != "--");
            let parsed = Args::try_parse_from(["dt-metrics-local"].into_iter().chain(words));
            assert!(parsed.is_ok(), "{document}: {line}: {:?}", parsed.err());
            commands += 1;
        }
    }
    assert!(commands == 0 || commands >= 4, "{commands}");
}

#[test]
fn a_screen_is_no_higher_than_its_terminal() {
    let text = "a\nb\nc\n";
    for (height, expected) in [(0, "a\n"), (2, "a\n"), (3, "a\nb\n"), (4, text), (5, text)] {
        assert_eq!(screen::fit(text, height), expected, "{height}");
    }
}
