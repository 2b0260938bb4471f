//! Whatever goes wrong, at `TRACE`: the token is in no log, no error and no debug output.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::accounting::{assert_accounted, assert_arrived};
use crate::common::log::Log;
use crate::common::tls::{Authority, TlsServer, head};
use crate::common::{AMPLE, NEVER, to};
use dt_metrics::dynatrace::Exporter;
use dt_metrics::{Builder, Health, count};
use dt_metrics_local::Server;

const TOKEN: &str =
    "dt0c01.ST2EY72KQINMH574WMNVI7YN.G3DFPBEJYMODIDAEX454M7YWBUVEFOWKPRVMWFASS64NFH52PX6BNDVF";

/// The part that opens the door by itself.
const SECRET: &str = "G3DFPBEJYMODIDAEX454M7YWBUVEFOWKPRVMWFASS64NFH52PX6BNDVF";

/// The token in all spellings that a server may send back.
fn spellings() -> Vec<String> {
    let each = |spell: fn(u8) -> String| TOKEN.bytes().map(spell).collect::<String>();
    vec![
        TOKEN.to_owned(),
        SECRET.to_owned(),
        TOKEN.to_lowercase(),
        TOKEN.replace('.', "%2E"),
        TOKEN.replace('.', "\\u002e"),
        each(|byte| format!("%{byte:02X}")),
        each(|byte| format!("\\u{byte:04x}")),
        // Parts.
        TOKEN[..TOKEN.len() - 4].to_owned(),
        TOKEN[1..TOKEN.len() - 1].to_owned(),
        SECRET[1..SECRET.len() - 1].to_owned(),
        SECRET[20..32].to_owned(),
        TOKEN[8..20].to_lowercase(),
    ]
}

/// Where everything goes that can be seen.
struct Seen {
    log: Log,
    shown: String,
}

impl Seen {
    fn show(&mut self, value: &(impl std::fmt::Debug + ?Sized)) {
        write!(self.shown, "{value:?} {value:#?}").unwrap();
    }

    /// One program against one fault.
    fn run(&mut self, what: &str, builder: Builder) {
        self.show(&builder);
        let metrics = match builder.install() {
            Ok(metrics) => metrics,
            Err(error) => {
                self.show(&error);
                write!(self.shown, "{error}").unwrap();
                return self.check(what);
            }
        };
        count!("token.calls");
        metrics.provider().force_flush().unwrap();
        // Until it is answered; silence never is.
        let start = Instant::now();
        let answered = |health: Health| health.requests_accepted + health.requests_failed > 0;
        while !answered(metrics.health()) && start.elapsed() < Duration::from_millis(500) {
            thread::sleep(Duration::from_millis(1));
        }
        if let Err(error) = metrics.flush(Duration::from_millis(5)) {
            self.show(&error);
            write!(self.shown, "{error}").unwrap();
        }
        let health = metrics.health();
        assert!(
            health.requests_accepted + health.requests_failed + health.points_pending > 0,
            "{what}"
        );
        assert_accounted(1, &health);
        self.show(&health);
        self.show(&metrics);
        if let Err(error) = metrics.shutdown(Duration::ZERO) {
            self.show(&error);
            write!(self.shown, "{error}").unwrap();
        }
        assert_accounted(1, &metrics.health());
        self.show(&metrics.health());
        drop(metrics);
        self.check(what);
    }

    /// No run of 12 characters of the token was shown, in any case.
    fn check_parts(&self) {
        let text = (self.log.text() + &self.shown).to_lowercase();
        let token = TOKEN.to_lowercase();
        for start in 0..=token.len() - 12 {
            let run = &token[start..start + 12];
            let line = text.lines().find(|line| line.contains(run));
            assert_eq!(line, None, "{run}");
        }
    }

    fn check(&self, what: &str) {
        for text in [&self.log.text(), &self.shown] {
            for spelling in spellings() {
                assert!(!text.contains(&spelling), "{what}: {spelling} is in {text}");
            }
            assert!(!text.contains("hunter2"), "{what}: {text}");
        }
    }
}

/// Answers every request by the bytes that `answer` makes; none: closes the connection.
fn raw(answer: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + Clone + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            thread::spawn(move || serve(stream, answer));
        }
    });
    format!("http://{address}/api/v2/metrics/ingest")
}

fn serve(mut stream: TcpStream, answer: impl Fn(&str) -> Option<Vec<u8>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let head = head(&mut reader)?;
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length?.parse().ok()?];
        reader.read_exact(&mut body).ok()?;
        stream.write_all(&answer(&head)?).ok()?;
    }
}

fn answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} Said\r\n{headers}content-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

fn at(url: &str) -> Builder {
    dt_metrics::builder()
        .endpoint(url)
        .api_token(TOKEN)
        .push_interval(NEVER)
}

#[test]
fn the_token_appears_nowhere_despite_failures() {
    own_process!();
    let log = Log::install();
    let mut seen = Seen {
        log: log.clone(),
        shown: String::new(),
    };

    // Every answer, honest or not, and every way of sending the token back.
    for status in [
        200, 202, 204, 301, 302, 307, 308, 400, 401, 403, 404, 405, 408, 413, 418, 429, 500, 502,
        503, 504, 599,
    ] {
        for spelling in spellings() {
            let plain = format!("no such token: {spelling}");
            let json = format!(
                r#"{{"linesOk":0,"linesInvalid":1,"error":{{"code":{status},"message":"{spelling}","invalidLines":[{{"line":1,"error":"{spelling}"}}]}}}}"#
            );
            let page = format!("<html><title>{spelling}</title></html>");
            let bodies = [plain, json, page];
            // One body a status and spelling, in turn: all of them are some thousand requests.
            let body = bodies[(usize::from(status) + spelling.len()) % bodies.len()].clone();
            let headers = format!(
                "x-token: {TOKEN}\r\nretry-after: 0\r\nlocation: http://127.0.0.1:9/{TOKEN}\r\n"
            );
            let url = raw(move |_| Some(answer(status, &headers, &body)));
            seen.run(&format!("{status} {spelling}"), at(&url));
        }
    }
    // The whole request comes back.
    let url = raw(|head| Some(answer(400, "", &format!("what is this? {head}"))));
    seen.run("the request", at(&url));

    // No answer, or none that is HTTP.
    seen.run("closed", at(&raw(|_| None)));
    seen.run("nobody", at("http://127.0.0.1:9/api/v2/metrics/ingest"));
    seen.run(
        "no host",
        at("https://does-not-exist.invalid/api/v2/metrics/ingest"),
    );
    seen.run("silence", at(&raw(|_| Some(Vec::new()))));
    seen.run("no HTTP", at(&raw(|head| Some(head.as_bytes().to_vec()))));
    seen.run(
        "half",
        at(&raw(|_| {
            Some(b"HTTP/1.1 400 x\r\ncontent-length: 999\r\n\r\nab".to_vec())
        })),
    );
    let many = format!("HTTP/1.1 202 x\r\nx: {}\r\n\r\n", TOKEN.repeat(9_999));
    seen.run(
        "a long header",
        at(&raw(move |_| Some(many.clone().into_bytes()))),
    );

    // TLS.
    let authority = Authority::new();
    for (what, identity) in [
        ("unknown root", Authority::new().identity("localhost")),
        ("expired", authority.expired("localhost")),
        ("another host", authority.identity("other.example")),
        ("trusted", authority.identity("localhost")),
    ] {
        let server = TlsServer::start(identity);
        let builder = at(&server.url("localhost")).add_root_certificate_pem(authority.pem());
        seen.run(what, builder);
    }
    let url = raw(|_| None).replace("http:", "https:");
    seen.run("no TLS", at(&url).add_root_certificate_pem(authority.pem()));

    // Configurations that are refused, or that hold the secret in the wrong place.
    let here = "http://127.0.0.1:9/api/v2/metrics/ingest";
    seen.run("cleartext", at("http://a.example/api/v2/metrics/ingest"));
    seen.run(
        "password",
        at("https://user:hunter2@a.example/api/v2/metrics/ingest"),
    );
    seen.run("query", at(&format!("{here}?api-token={TOKEN}&x=hunter2")));
    seen.run(
        "query, cleartext",
        at(&format!("http://a.example/?api-token={TOKEN}")),
    );
    seen.run("places changed", at(TOKEN).api_token(here));
    seen.run("a scheme", at(&format!("{TOKEN}:x")));
    seen.run("line break", at(here).api_token(format!("{TOKEN}\nx")));
    seen.run("not ASCII", at(here).api_token(format!("{TOKEN}ä")));
    seen.run("as a root", at(here).add_root_certificate_pem(TOKEN));
    let query = format!("?api-token={TOKEN}");
    let url = raw(|head| Some(answer(404, "", head))) + &query;
    seen.run("query, sent back", at(&url));

    let builder = Exporter::builder().endpoint(here).api_token(TOKEN);
    seen.show(&builder);
    let exporter = builder.build().unwrap();
    seen.show(&exporter);
    seen.check("the exporter alone");
    seen.check_parts();

    let log = log.text();
    for level in ["TRACE", "DEBUG", "INFO dt_metrics", "WARN dt_metrics"] {
        assert!(
            log.lines().any(|line| line.starts_with(level)),
            "{level} is logged"
        );
    }
    assert!(
        log.contains("reqwest"),
        "records of `log` are there as well"
    );
}

#[test]
fn white_space_around_a_token_is_not_part_of_it() {
    own_process!();
    let server = Server::builder().token(TOKEN).start().unwrap();
    let metrics = to(&server)
        .api_token(format!("\t{TOKEN} \r\n"))
        .install()
        .unwrap();
    count!("token.trimmed");
    metrics.flush(AMPLE).unwrap();
    assert_eq!(server.counter_total("token.trimmed", &[]), 1.0);
    assert_accounted(1, &metrics.health());
    assert_arrived(1, 1, &metrics.health());
}

#[test]
fn a_wrong_token_is_named_by_its_scope_and_the_program_goes_on() {
    own_process!();
    let server = Server::builder().token("another").start().unwrap();
    let metrics = to(&server).api_token(TOKEN).install().unwrap();
    count!("token.wrong");
    metrics.flush(AMPLE).unwrap_err();
    let health = metrics.health();
    let last = health.last_error.unwrap();
    assert!(
        last.contains("401") && last.contains("metrics.ingest"),
        "{last}"
    );
    assert_eq!((health.points_accepted, health.points_pending), (0, 1));

    // The counts are still there.
    count!("token.wrong");
    metrics.shutdown(AMPLE).unwrap_err();
    assert_eq!(metrics.health().dropped.get("shutdown"), Some(&2));
    assert_accounted(2, &metrics.health());
}

#[test]
fn another_host_gets_neither_token_nor_lines_by_a_redirect() {
    own_process!();
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
        let location = format!("location: http://{}/x\r\n", elsewhere.local_addr().unwrap());
        let url = raw(move |_| Some(answer(status, &location, "")));
        let metrics = at(&url).install().unwrap();
        count!("token.redirected");
        let error = metrics.flush(AMPLE).unwrap_err().to_string();
        assert!(error.contains("redirect"), "{error}");
        metrics.shutdown(Duration::ZERO).unwrap_err();
        assert_accounted(1, &metrics.health());
        elsewhere.set_nonblocking(true).unwrap();
        assert!(elsewhere.accept().is_err(), "nobody went there");
    }
}

/// Whether the head of a request to such an address contains a token.
#[test]
fn a_one_agent_is_sent_none() {
    own_process!();
    for path in ["/metrics/ingest", "/metrics/ingest/"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}{path}", listener.local_addr().unwrap());
        let metrics = at(&url).install().unwrap();
        count!("token.agent");
        metrics.provider().force_flush().unwrap();
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream);
        let head = head(&mut reader).unwrap();
        assert!(head.starts_with("POST /metrics/ingest"), "{head}");
        let mut rest = String::new();
        metrics.shutdown(Duration::ZERO).unwrap_err();
        assert_accounted(1, &metrics.health());
        let _ = reader.read_line(&mut rest);
        for text in [head, rest] {
            assert!(
                !text.contains("dt0c01") && !text.to_lowercase().contains("authorization"),
                "{text}"
            );
        }
    }
}

/// The `Authorization` header of one push with this token.
fn authorization(token: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "http://{}/api/v2/metrics/ingest",
        listener.local_addr().unwrap()
    );
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let head = head(&mut BufReader::new(stream.try_clone().unwrap())).unwrap();
        let answer = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer).unwrap();
        head
    });
    let report = dt_metrics::builder().endpoint(url).api_token(token).check();
    let head = server.join().unwrap();
    assert!(
        !format!("{report} {report:?}").contains("SECRET"),
        "{report}"
    );
    let lines = head
        .lines()
        .map(|line| line.split_once(": ").unwrap_or_default());
    let header = |(name, value): (&str, &str)| {
        let is_authorization = name.eq_ignore_ascii_case("authorization");
        is_authorization.then(|| value.to_owned())
    };
    lines.filter_map(header).collect()
}

#[test]
fn a_token_is_sent_as_its_kind_requires_however_it_was_pasted() {
    const PLATFORM: &str = "dt0s16.ST2EY72KQINMH574WMNVI7YN.G3DFPBEJYMODIDASECRET";
    const ACCESS: &str = "dt0c01.ST2EY72KQINMH574WMNVI7YN.G3DFPBEJYMODIDASECRET";
    for (given, sent) in [
        (PLATFORM.to_owned(), format!("Bearer {PLATFORM}")),
        (
            format!("Api-Token {PLATFORM}\n"),
            format!("Bearer {PLATFORM}"),
        ),
        (ACCESS.to_owned(), format!("Api-Token {ACCESS}")),
        (format!("Api-Token {ACCESS}"), format!("Api-Token {ACCESS}")),
        (
            format!(" \"Bearer {ACCESS}\"\r\n"),
            format!("Api-Token {ACCESS}"),
        ),
    ] {
        assert_eq!(authorization(&given), sent);
    }
}
