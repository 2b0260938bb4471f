//! Real processes and real signals: all counts arrive, and the signal takes effect as usual.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::common::own_process::{child, is_child, path_of, shared};
use crate::common::{AMPLE, NEVER, server};
use dt_metrics::{Handle, count};
use dt_metrics_local::Server;
use tokio::signal::unix::{Signal, SignalKind, signal};

const TERM: i32 = 15;
const INT: i32 = 2;

/// The command, started by another that is given it as its arguments.
fn through(starter: &[&str], command: &Command) -> Command {
    let mut wrapped = Command::new(starter[0]);
    wrapped.args(&starter[1..]);
    wrapped.arg(command.get_program()).args(command.get_args());
    for (key, value) in command.get_envs() {
        match value {
            Some(value) => wrapped.env(key, value),
            None => wrapped.env_remove(key),
        };
    }
    wrapped
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    wrapped
}

/// A process that runs one of the programs below.
struct Program(Child);

impl Program {
    /// Started, and ready.
    fn start(test: &str, url: &str) -> Self {
        // Tests may be run by something that ignores signals, as shells do in the background, and
        // that is inherited.
        let default = ["env", "--default-signal=INT,TERM"];
        let known = Command::new(default[0])
            .args([default[1], "true"])
            .stderr(Stdio::null())
            .status();
        if known.is_ok_and(|status| status.success()) {
            Self::run(&mut through(&default, &child(test)), url)
        } else {
            Self::run(&mut child(test), url)
        }
    }

    fn run(command: &mut Command, url: &str) -> Self {
        let mut child = command.env("URL", url).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.ends_with("ready\n") {
            assert!(output.read_line(&mut line).unwrap() > 0, "it ended: {line}");
        }
        child.stdout = Some(output.into_inner());
        Self(child)
    }

    fn signal(&self, number: i32) {
        let (pid, number) = (self.0.id().to_string(), format!("-{number}"));
        assert!(
            Command::new("kill")
                .args([&number, &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    /// The exit status, and the last output.
    fn end(mut self) -> (ExitStatus, String) {
        let mut output = String::new();
        self.0
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut output)
            .unwrap();
        (self.0.wait().unwrap(), output)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Gone already, but for a test that fails.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The beginning of each program.
fn begin(flush: bool) -> Handle {
    let metrics = dt_metrics::builder()
        .endpoint(std::env::var("URL").unwrap())
        .push_interval(NEVER)
        .flush_on_termination(flush)
        .install()
        .unwrap();
    count!("termination.calls", 7);
    metrics
}

fn say(line: &str) {
    // Not `println`, which the test harness may keep.
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}").unwrap();
    output.flush().unwrap();
}

fn sleep() {
    std::thread::sleep(AMPLE);
}

fn arrived(server: &Server) -> f64 {
    server.counter_total("termination.calls", &[])
}

#[test]
fn program_that_does_nothing_about_signals() {
    if is_child(path_of(program_that_does_nothing_about_signals)) {
        let _metrics = begin(true);
        say("ready");
        sleep();
    }
}

#[test]
fn all_counts_arrive_and_the_exit_status_is_from_the_signal() {
    for number in [TERM, INT] {
        let server = server();
        let program = Program::start(
            path_of(program_that_does_nothing_about_signals),
            &server.url(),
        );
        program.signal(number);
        let (status, _) = program.end();
        assert_eq!(status.signal(), Some(number));
        assert_eq!(arrived(&server), 7.0);
    }
}

/// A server that accepts connections and sends nothing.
fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, format!("http://{address}/api/v2/metrics/ingest"))
}

#[test]
fn a_second_signal_acts_at_once() {
    let _turn = shared();
    for number in [TERM, INT] {
        let (listener, url) = silent();
        let program = Program::start(path_of(program_that_does_nothing_about_signals), &url);
        program.signal(TERM);
        // The flush is under way.
        let (mut stream, _) = listener.accept().unwrap();
        assert!(stream.read(&mut [0]).unwrap() > 0);
        let start = Instant::now();
        program.signal(number);
        let (status, _) = program.end();
        assert_eq!(status.signal(), Some(number));
        assert!(
            start.elapsed() < Duration::from_secs(3),
            "{:?}",
            start.elapsed()
        );
    }
}

#[test]
fn a_silent_server_delays_the_end_by_five_seconds() {
    let _turn = shared();
    let (_listener, url) = silent();
    let program = Program::start(path_of(program_that_does_nothing_about_signals), &url);
    let start = Instant::now();
    program.signal(TERM);
    let (status, _) = program.end();
    assert_eq!(status.signal(), Some(TERM));
    let took = start.elapsed();
    assert!(
        took >= Duration::from_millis(4_900) && took < Duration::from_secs(8),
        "{took:?}"
    );
}

#[test]
fn program_without_the_option() {
    if is_child(path_of(program_without_the_option)) {
        let _metrics = begin(false);
        say("ready");
        sleep();
    }
}

#[test]
fn program_that_has_shut_down() {
    if is_child(path_of(program_that_has_shut_down)) {
        begin(true).shutdown(AMPLE).unwrap();
        let metrics = begin(true);
        metrics.shutdown(AMPLE).unwrap();
        // Kept for a pipeline that never comes.
        count!("termination.calls", 7);
        say("ready");
        sleep();
    }
}

#[test]
fn without_the_option_or_after_a_shutdown_signals_act_as_ever() {
    for (test, expected) in [
        (path_of(program_without_the_option), 0.0),
        (path_of(program_that_has_shut_down), 14.0),
    ] {
        let server = server();
        let program = Program::start(test, &server.url());
        program.signal(TERM);
        let (status, _) = program.end();
        assert_eq!(status.signal(), Some(TERM), "{test}");
        assert_eq!(arrived(&server), expected, "{test}");
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// A program's own handlers.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn handled() -> Self {
        Self {
            terminate: signal(SignalKind::terminate()).unwrap(),
            interrupt: signal(SignalKind::interrupt()).unwrap(),
        }
    }

    async fn end_in_order(mut self) {
        say("ready");
        tokio::select! {
            _ = self.terminate.recv() => say("terminated"),
            _ = self.interrupt.recv() => say("interrupted"),
        }
        // Longer than the flush: nobody may end the process meanwhile.
        tokio::time::sleep(Duration::from_millis(500)).await;
        count!("termination.calls", 1);
        say("in order");
    }
}

#[test]
fn program_that_handles_signals_later() {
    if is_child(path_of(program_that_handles_signals_later)) {
        let _metrics = begin(true);
        runtime().block_on(async {
            Signals::handled().end_in_order().await;
        });
    }
}

#[test]
fn program_that_handled_signals_before() {
    if is_child(path_of(program_that_handled_signals_before)) {
        runtime().block_on(async {
            let signals = Signals::handled();
            let _metrics = begin(true);
            signals.end_in_order().await;
        });
    }
}

#[test]
fn a_program_that_handles_signals_itself_goes_on_in_its_way() {
    for test in [
        path_of(program_that_handles_signals_later),
        path_of(program_that_handled_signals_before),
    ] {
        for (number, word) in [(TERM, "terminated"), (INT, "interrupted")] {
            let server = server();
            let program = Program::start(test, &server.url());
            program.signal(number);
            let (status, output) = program.end();
            assert!(status.success(), "{test}: {status}");
            assert!(
                output.contains(word) && output.contains("in order"),
                "{output}"
            );
            assert_eq!(arrived(&server), 8.0, "{test}");
        }
    }
}

#[test]
fn program_that_installs_again_under_a_handler() {
    if is_child(path_of(program_that_installs_again_under_a_handler)) {
        runtime().block_on(async {
            let first = begin(true);
            let mut terminate = signal(SignalKind::terminate()).unwrap();
            first.shutdown_async(AMPLE).await.unwrap();
            let _second = begin(true);
            say("ready");
            for _ in 0..3 {
                terminate.recv().await;
                say("terminated");
            }
        });
    }
}

#[test]
fn handlers_of_program_and_library_on_top_of_each_other_make_no_circle() {
    let server = server();
    let program = Program::start(
        path_of(program_that_installs_again_under_a_handler),
        &server.url(),
    );
    let start = Instant::now();
    // Signals that come close together become one.
    let mut program = program;
    while program.0.try_wait().unwrap().is_none() {
        assert!(start.elapsed() < AMPLE);
        program.signal(TERM);
        std::thread::sleep(Duration::from_millis(50));
    }
    let (status, output) = program.end();
    assert!(status.success(), "{status}: {output}");
    assert_eq!(arrived(&server), 14.0);
}

#[test]
fn a_signal_that_is_ignored_stays_ignored() {
    let server = server();
    let program = child(path_of(program_that_does_nothing_about_signals));
    let starter = ["sh", "-c", r#"trap "" INT; exec "$0" "$@""#];
    let mut command = through(&starter, &program);
    let program = Program::run(&mut command, &server.url());
    program.signal(INT);
    program.signal(INT);
    program.signal(TERM);
    let (status, _) = program.end();
    assert_eq!(status.signal(), Some(TERM));
    assert_eq!(arrived(&server), 7.0);
}
