//! The program itself, as a process.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panic"
)]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_dt-metrics-local");

/// A process that does not outlive its test.
struct Program {
    process: Child,
    output: BufReader<ChildStdout>,
}

impl Drop for Program {
    fn drop(&mut self) {
        // It is gone already, except after a failure.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new(PROGRAM)
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { process, output }
    }

    /// The next line of output with this text in it.
    fn line_with(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(
                self.output.read_line(&mut line).unwrap(),
                0,
                "{text} never came"
            );
            if line.contains(text) {
                return line.trim_end().to_owned();
            }
        }
    }
}

fn post(address: &str, body: &str) -> String {
    try_post(address, body).unwrap()
}

fn try_post(address: &str, body: &str) -> io::Result<String> {
    post_as(address, "text/plain", body)
}

fn post_as(address: &str, content_type: &str, body: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "POST /api/v2/metrics/ingest HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\
         Content-Type: {content_type}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[cfg(unix)]
#[test]
fn it_prints_what_happens_and_sums_up_at_the_end() {
    for signal in ["INT", "TERM"] {
        let mut program = Program::start(&[]);
        let greeting = program.line_with("Listening on");
        let address = greeting.trim_start_matches("Listening on ");
        let url = format!("http://{address}/api/v2/metrics/ingest");
        assert!(program.line_with("DT_METRICS_INGEST_URL").ends_with(&url));
        if cfg!(feature = "otlp") {
            let collector = format!("OTEL_EXPORTER_OTLP_ENDPOINT=http://{address}");
            assert!(program.line_with("by OTLP").ends_with(&collector));
        }

        post(address, "orders,region=eu count,delta=3\n1bad gauge,1");
        assert_eq!(
            program.line_with("accepted"),
            "accepted  orders,region=eu count,delta=3"
        );
        assert_eq!(program.line_with("refused"), "refused   1bad gauge,1");
        assert!(
            program
                .line_with("column 1")
                .contains("may not start with '1'")
        );
        assert!(
            program
                .line_with("answered")
                .contains("400 to /api/v2/metrics/ingest")
        );

        let id = program.process.id().to_string();
        let sent = Command::new("kill")
            .args(["-s", signal, &id])
            .status()
            .unwrap();
        assert!(sent.success());
        assert!(
            program
                .line_with("1 request:")
                .contains("1 line, 0 metadata lines, 1 refused")
        );
        assert_eq!(program.process.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn a_refused_line_cannot_move_the_cursor() {
    let mut program = Program::start(&[]);
    let greeting = program.line_with("Listening on");
    let address = greeting.trim_start_matches("Listening on ");
    post(address, "bad\u{1b}[2J gauge,1");
    assert_eq!(
        program.line_with("refused"),
        "refused   bad\u{fffd}[2J gauge,1"
    );
    let reason = program.line_with("column 4");
    assert!(
        reason.contains(r"metric key may not contain '\u{1b}'"),
        "{reason}"
    );
}

#[test]
fn it_fails_on_demand_and_recovers() {
    let mut program = Program::start(&["--fault", "503", "--recover-after", "0.5", "--seed", "7"]);
    let greeting = program.line_with("Listening on");
    let address = greeting.trim_start_matches("Listening on ");
    program.line_with("Faults on demand: 503:1; --seed 7");
    // It may have recovered already on a slow machine, but then it never fails again.
    let first = post(address, "a gauge,1");
    if first.starts_with("HTTP/1.1 503") {
        let shown = program.line_with("answered");
        assert!(shown.ends_with("503 to /api/v2/metrics/ingest (answer on demand)"));
    }
    while !post(address, "a gauge,1").starts_with("HTTP/1.1 202") {}
    program.line_with("accepted  a gauge,1");
}

#[test]
fn an_outage_comes_and_goes_and_the_token_changes() {
    let mut program = Program::start(&[
        "--outage=0.3:0.3",
        "--token=old",
        "--next-token=new",
        "--next-token-after=0",
    ]);
    let greeting = program.line_with("Listening on");
    let address = greeting.trim_start_matches("Listening on ");
    program.line_with("Ctrl-C");
    while try_post(address, "a gauge,1").is_ok() {}
    while try_post(address, "a gauge,1").is_err() {}
    let post = |token: &str| {
        let line = format!("text/plain\r\nAuthorization: Api-Token {token}");
        post_as(address, &line, "a gauge,1").unwrap()
    };
    assert!(post("old").starts_with("HTTP/1.1 401"));
    assert!(post("new").starts_with("HTTP/1.1 202"));
}

#[test]
fn a_token_is_asked_for_and_never_shown() {
    let mut program = Program::start(&["--token", "very-secret"]);
    let greeting = program.line_with("Listening on");
    let address = greeting.trim_start_matches("Listening on ");
    program.line_with("DT_METRICS_INGEST_API_TOKEN=<the token given by --token>");
    assert!(post(address, "a gauge,1").starts_with("HTTP/1.1 401"));
    program.line_with("answered  401");

    program.process.kill().unwrap();
    let mut rest = String::new();
    program.output.read_to_string(&mut rest).unwrap();
    assert!(!rest.contains("very-secret"));
    let help = Command::new(PROGRAM).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(
        help.contains("127.0.0.1:14499") && help.contains("--token"),
        "{help}"
    );
}

#[test]
fn a_port_in_use_ends_it_with_a_clear_error() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let output = Command::new(PROGRAM)
        .args(["--listen", &address])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains(&format!("{address} is in use by another program")),
        "{error}"
    );
    for fix in ["--listen 127.0.0.1:PORT", "DT_METRICS_INGEST_URL"] {
        assert!(error.contains(fix), "{error}");
    }
    assert!(output.stdout.is_empty());
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_ends_it() {
    let mut program = Program::start(&[]);
    let greeting = program.line_with("Listening on");
    let address = greeting.trim_start_matches("Listening on ").to_owned();
    let (reader, _) = io::pipe().unwrap();
    program.output = BufReader::new(ChildStdout::from(std::os::fd::OwnedFd::from(reader)));
    // It ends when it prints a line: before, while or after it answers. Not always the first,
    // since a process that another test starts just now may have the pipe open for a moment.
    let status = loop {
        try_post(&address, "a gauge,1").ok();
        if let Some(status) = program.process.try_wait().unwrap() {
            break status;
        }
    };
    assert_eq!(status.code(), Some(0));
}
