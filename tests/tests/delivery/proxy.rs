//! A proxy named by the environment, as companies have it.

use std::io::{self, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::accounting::assert_accounted;
use crate::common::log::Log;
use crate::common::own_process::{child, is_child, passes, path_of, shared};
use crate::common::tls::{Authority, TlsServer, head};
use crate::common::{AMPLE, NEVER, unused_port};
use dt_metrics::count;

const TOKEN: &str = "dt0c01.PUBLIC.SECRETSECRETSECRETSECRET";
const HOST: &str = "metrics.test";

/// Tunnels all requests to one server, for any host, or refuses.
struct Proxy {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start(server: SocketAddr, refusal: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = heads.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = seen.clone();
                thread::spawn(move || tunnel(stream, server, refusal, &seen));
            }
        });
        Self { address, heads }
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn tunnel(
    mut stream: TcpStream,
    server: SocketAddr,
    refusal: Option<&str>,
    seen: &Mutex<Vec<String>>,
) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let Some(head) = head(&mut reader) else {
        return Ok(());
    };
    seen.lock().unwrap().push(head);
    if let Some(refusal) = refusal {
        return stream
            .write_all(format!("HTTP/1.1 {refusal}\r\ncontent-length: 0\r\n\r\n").as_bytes());
    }
    let mut server = TcpStream::connect(server)?;
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let mut there = server.try_clone()?;
    thread::spawn(move || io::copy(&mut reader, &mut there));
    io::copy(&mut server, &mut stream)?;
    Ok(())
}

/// The program: counts once, and prints its configuration and its log.
#[test]
fn a_program_behind_a_proxy() {
    if !is_child(path_of(a_program_behind_a_proxy)) {
        return;
    }
    let log = Log::install();
    let mut builder = dt_metrics::builder().push_interval(NEVER);
    if let Ok(pem) = std::env::var("ROOT") {
        builder = builder.add_root_certificate_pem(pem);
    }
    if std::env::var("CLEARTEXT").is_ok() {
        builder = builder.allow_cleartext_token(true);
    }
    let metrics = builder.install().unwrap();
    count!("proxy.calls");
    let mut flushed = metrics.flush(Duration::from_secs(2));
    // A busy machine, or a name server that is slow to reject an unknown name.
    let start = Instant::now();
    while metrics.health().last_error.is_none() && flushed.is_err() && start.elapsed() < AMPLE {
        flushed = metrics.flush(Duration::from_secs(2));
    }
    println!(
        "flushed: {flushed:?}\nknown: {metrics:?}\nlog: {}",
        log.text()
    );
    assert_accounted(1, &metrics.health());
    let _late = metrics.shutdown(Duration::ZERO);
    assert_accounted(1, &metrics.health());
}

fn run(server: &TlsServer, root: &Authority, variables: &[(&str, &str)]) -> String {
    let mut child = child(path_of(a_program_behind_a_proxy));
    child
        .env("DT_METRICS_INGEST_URL", server.url(HOST))
        .env("DT_METRICS_INGEST_API_TOKEN", TOKEN)
        .env("ROOT", root.pem())
        .envs(variables.iter().copied());
    let text = passes(child);
    assert!(text.contains("TRACE"), "everything is logged: {text}");
    for secret in ["SECRETSECRET", "hunter2", "dXNlcjpodW50ZXIy"] {
        assert!(!text.contains(secret), "{secret} is in: {text}");
    }
    text
}

#[test]
fn https_goes_through_a_tunnel_and_the_proxy_sees_neither_token_nor_lines() {
    let _turn = shared();
    let authority = Authority::new();
    let server = TlsServer::start(authority.identity(HOST));
    let proxy = Proxy::start(server.address, None);
    let url = format!("http://user:hunter2@{}", proxy.address);
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        let before = server.requests().len();
        let text = run(&server, &authority, &[(variable, &url)]);
        assert!(text.contains("flushed: Ok"), "{text}");
        assert_eq!(server.requests().len(), before + 1);
        // The chosen endpoint, and its source.
        let source = "endpoint_source=\"DT_METRICS_INGEST_URL\"";
        assert_eq!(text.matches(source).count(), 1, "{text}");
    }
    let request = server.requests().swap_remove(0);
    assert!(request.contains(TOKEN), "{request}");
    for head in proxy.heads() {
        let connect = format!("CONNECT {HOST}:{} HTTP/1.1\r\n", server.address.port());
        assert!(head.starts_with(&connect), "{head}");
        let authorization = "proxy-authorization: basic dxnlcjpodw50zxiy\r\n";
        assert!(head.to_lowercase().contains(authorization), "{head}");
        assert!(!head.contains(TOKEN), "{head}");
    }
}

#[test]
fn no_proxy_and_this_host_are_reached_without() {
    let _turn = shared();
    let authority = Authority::new();
    let server = TlsServer::start(authority.identity("localhost"));
    let proxy = Proxy::start(server.address, None);
    let url = format!("http://{}", proxy.address);
    let text = run(
        &server,
        &authority,
        &[("HTTPS_PROXY", &url), ("NO_PROXY", "x,.test")],
    );
    // The name does not exist.
    assert!(text.contains("cannot connect"), "{text}");
    let here = server.url("localhost");
    let text = run(
        &server,
        &authority,
        &[("HTTPS_PROXY", &url), ("DT_METRICS_INGEST_URL", &here)],
    );
    assert!(text.contains("flushed: Ok"), "{text}");
    assert!(proxy.heads().is_empty());
}

#[test]
fn a_refusing_proxy_is_named_without_its_password() {
    let _turn = shared();
    let authority = Authority::new();
    let server = TlsServer::start(authority.identity(HOST));
    for (refusal, expected) in [
        ("407 Proxy Authentication Required", "proxy"),
        ("403 Forbidden", "tunnel"),
    ] {
        let proxy = Proxy::start(server.address, Some(refusal));
        let url = format!("http://user:hunter2@{}", proxy.address);
        let text = run(&server, &authority, &[("HTTPS_PROXY", &url)]);
        assert!(
            text.contains("cannot connect") && text.contains(expected),
            "{text}"
        );
        assert!(server.requests().is_empty());
    }
    // Values that are not proxies.
    for url in [
        "socks5://user:hunter2@127.0.0.1:9",
        "user:hunter2@:x",
        "http://user:hunter2@",
    ] {
        let text = run(
            &server,
            &authority,
            &[("HTTPS_PROXY", url), ("ALL_PROXY", url)],
        );
        let warning = "HTTPS_PROXY is not usable as a proxy";
        assert_eq!(text.matches(warning).count(), 1, "{text}");
    }
    // And one that is not there.
    let url = format!("http://user:hunter2@127.0.0.1:{}", unused_port());
    let text = run(&server, &authority, &[("HTTPS_PROXY", &url)]);
    assert!(text.contains("cannot connect"), "{text}");
}

/// Answers in place of the endpoint, with the credentials that it received.
fn echo(status: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let Some(head) = head(&mut reader) else {
                continue;
            };
            let lines = head.lines();
            let head: String = lines
                .filter(|line| line.contains("authorization"))
                .collect();
            let (length, retry) = (head.len(), "retry-after: 0\r\nconnection: close");
            let answer =
                format!("HTTP/1.1 {status}\r\n{retry}\r\ncontent-length: {length}\r\n\r\n{head}");
            let _ = stream.write_all(answer.as_bytes());
            // Read on, so that no reset overtakes the answer.
            let _ = io::copy(&mut reader, &mut io::sink());
        }
    });
    address
}

#[test]
fn a_proxy_that_repeats_the_request_is_quoted_without_any_secret() {
    let _turn = shared();
    let authority = Authority::new();
    let server = TlsServer::start(authority.identity(HOST));
    for (status, expected) in [
        ("400 Bad Request", "400"),
        ("403 Forbidden", "403"),
        ("407 Proxy Authentication Required", "407"),
        ("502 Bad Gateway", "502"),
    ] {
        let url = format!("http://user:hunter2@{}", echo(status));
        let http = format!("http://{HOST}/api/v2/metrics/ingest");
        let variables = [
            ("HTTP_PROXY", &*url),
            ("DT_METRICS_INGEST_URL", &http),
            ("CLEARTEXT", "yes"),
        ];
        let text = run(&server, &authority, &variables);
        assert!(text.contains(expected), "{text}");
        let redacted = "Api-Token <secret>proxy-authorization: Basic <secret>";
        assert!(text.contains(redacted), "{text}");
    }
}
