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
        "POST /api/v2/metrics/ingest HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: {content_type}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[cfg(unix)]
#[test]
fn the_program_prints_events_and_a_summary_at_the_end() {
    for signal in ["INT", "TERM"] {
        let mut program = Program::start(&[]);
        let greeting = program.line_with("Listening on");
        let address = greeting.trim_start_matches("Listening on ");
        let url = format!("http://{address}/api/v2/metrics/ingest");
        assert!(program.line_with("DT_METRICS_INGEST_URL").ends_with(&url));
        if cfg!(feature = "otlp") {
            let collector = format!("OTEL_EXPORTER_OTLP_ENDPOINT=http://{address}");
            assert!(program.line_with("over OTLP").ends_with(&collector));
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
        r"refused   bad\u{1b}[2J gauge,1"
    );
    let reason = program.line_with("column 4");
    assert!(
        reason.contains(r"metric key may not contain '\u{1b}'"),
        "{reason}"
    );
}

#[test]
fn hidden_characters_are_shown_by_their_code() {
    let mut program = Program::start(&[]);
    let greeting = program.line_with("Listening on");
    let address = greeting.trim_start_matches("Listening on ");
    post(
        address,
        "orders,user=a\u{202e}b\u{200b},city=日本 count,delta=1\n\
         #orders count dt.meta.description=x\u{2066}y\n\
         bad\u{202e}key 1",
    );
    assert_eq!(
        program.line_with("accepted"),
        r"accepted  orders,user=a\u{202e}b\u{200b},city=日本 count,delta=1"
    );
    assert_eq!(
        program.line_with("accepted"),
        r"accepted  #orders count dt.meta.description=x\u{2066}y"
    );
    assert_eq!(program.line_with("refused"), r"refused   bad\u{202e}key 1");
    let path = "/\u{202e}";
    let request = format!("GET {path} HTTP/1.1\r\nHost: a\u{202e}\r\nConnection: close\r\n\r\n");
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();
    let shown = program.line_with("421 to");
    assert!(
        !shown.contains('\u{202e}') && shown.contains("202e"),
        "{shown}"
    );
}

#[test]
fn a_refused_request_and_a_note_are_printed() {
    let mut program = Program::start(&["--classic"]);
    let greeting = program.line_with("Listening on");
    let address = greeting.trim_start_matches("Listening on ");
    post_as(address, "application/json", "{}").unwrap();
    let shown = program.line_with("answered");
    assert!(
        shown.starts_with(
            "answered  415 to /api/v2/metrics/ingest: Content-Type must be text/plain"
        ),
        "{shown}"
    );
    post(address, "orders,region= count,delta=1");
    program.line_with("note      orders,region= count,delta=1");
    program.line_with(r#"          dimension "region" is not stored, its value is empty"#);
    program.line_with("          metric key 'orders' changed to 'orders.count'");
}

/// Fills the pipe that the program prints to, which nobody reads.
#[cfg(unix)]
fn fill(address: &str) {
    let line = format!("orders,note={} count,delta=1\n", "x".repeat(200));
    for _ in 0..4 {
        post(address, &line.repeat(1_000));
    }
}

#[cfg(unix)]
fn signal(program: &Program, signal: &str) {
    let id = program.process.id().to_string();
    let sent = Command::new("kill").args(["-s", signal, &id]).status();
    assert!(sent.unwrap().success());
}

#[cfg(unix)]
#[test]
fn the_program_ends_while_nobody_reads_its_output() {
    for name in ["TERM", "INT"] {
        let mut program = Program::start(&[]);
        let greeting = program.line_with("Listening on");
        fill(greeting.trim_start_matches("Listening on "));
        signal(&program, name);
        // The output stays open and unread until here.
        assert_eq!(program.process.wait().unwrap().code(), Some(0), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn a_slow_reader_gets_everything() {
    let mut program = Program::start(&[]);
    let greeting = program.line_with("Listening on");
    fill(greeting.trim_start_matches("Listening on "));
    signal(&program, "TERM");
    // It is being read from now on, so nothing is lost.
    for _ in 0..4_000 {
        program.line_with("accepted  orders");
    }
    program.line_with("4 requests: 4000 lines");
    assert_eq!(program.process.wait().unwrap().code(), Some(0));
}

#[cfg(unix)]
#[test]
fn the_program_ends_with_a_closed_output() {
    for name in ["TERM", "INT"] {
        let program = Command::new("sh")
            .args(["-c", "exec \"$0\" --listen 127.0.0.1:0 >&- 2>&-", PROGRAM])
            .stdout(Stdio::piped())
            .spawn();
        let mut process = program.unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut program = Program { process, output };
        // The shell's end of the pipe closes when the program has replaced it.
        let mut rest = String::new();
        program.output.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
        // Before it listens to signals, a signal ends it by itself, or does nothing: shells start
        // background programs with SIGINT ignored.
        let status = loop {
            signal(&program, name);
            if let Some(status) = program.process.try_wait().unwrap() {
                break status;
            }
        };
        assert!(matches!(status.code(), Some(0) | None), "{status}");
    }
}

#[test]
fn faults_begin_and_end_as_requested() {
    let mut program = Program::start(&["--fault", "503", "--recover-after", "0.5", "--seed", "7"]);
    let greeting = program.line_with("Listening on");
    let address = greeting.trim_start_matches("Listening on ");
    program.line_with("Faults on demand: 503:1; --seed 7");
    // It may have recovered already on a slow machine, but then it never fails again.
    let first = post(address, "aaa gauge,1");
    if first.starts_with("HTTP/1.1 503") {
        let shown = program.line_with("answered");
        assert!(shown.ends_with("503 to /api/v2/metrics/ingest (answer on demand)"));
    }
    while !post(address, "aaa gauge,1").starts_with("HTTP/1.1 202") {}
    program.line_with("accepted  aaa gauge,1");
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
    while try_post(address, "aaa gauge,1").is_ok() {}
    while try_post(address, "aaa gauge,1").is_err() {}
    let post = |token: &str| {
        let line = format!("text/plain\r\nAuthorization: Api-Token {token}");
        post_as(address, &line, "aaa gauge,1").unwrap()
    };
    assert!(post("old").starts_with("HTTP/1.1 401"));
    assert!(post("new").starts_with("HTTP/1.1 202"));
}

#[test]
fn a_token_is_required_and_never_shown() {
    let mut program = Program::start(&["--token", "very-secret"]);
    let greeting = program.line_with("Listening on");
    let address = greeting.trim_start_matches("Listening on ");
    program.line_with("DT_METRICS_INGEST_API_TOKEN=<the token from --token>");
    assert!(post(address, "aaa gauge,1").starts_with("HTTP/1.1 401"));
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
    // It ends when it prints a line: before, while or after it answers. It may not be the first
    // line, since a process that another test starts just now may have the pipe open for a moment.
    let status = loop {
        try_post(&address, "aaa gauge,1").ok();
        if let Some(status) = program.process.try_wait().unwrap() {
            break status;
        }
    };
    assert_eq!(status.code(), Some(0));
}
