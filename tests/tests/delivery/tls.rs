//! Real handshakes: the servers that the exporter trusts, and its errors for other servers.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use crate::common::accounting::{assert_accounted, assert_arrived};
use crate::common::own_process::{child, is_child, passes, path_of, shared};
use crate::common::tls::{Authority, Identity, TlsServer};
use crate::common::{AMPLE, NEVER, unused_port};
use dt_metrics::dynatrace::{DeliveryGuarantee, Exporter};
use dt_metrics::{Builder, count};

const TOKEN: &str = "dt0c01.PUBLIC.SECRETSECRETSECRETSECRET";

fn to(url: &str) -> Builder {
    dt_metrics::builder()
        .endpoint(url)
        .api_token(TOKEN)
        .push_interval(NEVER)
}

/// The error of sending one line to the server.
fn refusal(builder: Builder) -> String {
    let metrics = builder.install().unwrap();
    count!("tls.refused");
    let error = metrics.flush(Duration::from_millis(500)).unwrap_err();
    let health = metrics.health();
    assert_eq!(
        (health.points_accepted, health.points_pending),
        (0, 1),
        "{error}"
    );
    let last = health.last_error.unwrap();
    metrics.shutdown(Duration::ZERO).unwrap_err();
    assert_accounted(1, &metrics.health());
    assert!(!format!("{error} {error:?} {last} {metrics:?}").contains("SECRET"));
    last
}

#[test]
fn an_added_root_is_trusted() {
    own_process!();
    let authority = Authority::new();
    let server = TlsServer::start(authority.identity("localhost"));
    let metrics = to(&server.url("localhost"))
        .add_root_certificate_pem(Authority::new().pem())
        .add_root_certificate_pem(authority.pem())
        .install()
        .unwrap();
    count!("tls.accepted");
    metrics.flush(AMPLE).unwrap();
    assert_eq!(metrics.health().points_accepted, 1);
    assert_accounted(1, &metrics.health());
    let requests = server.requests();
    assert_arrived(requests.len() as u64, 1, &metrics.health());
    let [request] = &requests[..] else {
        panic!("{requests:?}")
    };
    assert!(
        request.contains(&format!("authorization: Api-Token {TOKEN}\r\n")),
        "{request}"
    );
}

#[test]
fn the_exporter_alone_also_takes_roots() {
    let authority = Authority::new();
    let server = TlsServer::start(authority.identity("127.0.0.1"));
    let exporter = Exporter::builder()
        .endpoint(server.url("127.0.0.1"))
        .add_root_certificate_pem(authority.pem())
        .build()
        .unwrap();
    exporter.shutdown(AMPLE).unwrap();
    let error = Exporter::builder()
        .add_root_certificate_pem("none")
        .build()
        .unwrap_err();
    assert!(
        error.to_string().contains("add_root_certificate_pem"),
        "{error}"
    );
}

#[test]
fn untrusted_servers_receive_nothing_and_the_error_names_the_fix() {
    own_process!();
    let authority = Authority::new();
    let stranger = Authority::new();
    let cases: [(Identity, &[&str]); 5] = [
        (
            stranger.identity("localhost"),
            &[
                "root",
                "add_root_certificate_pem",
                "intercepts the connection",
            ],
        ),
        (
            Authority::as_server("localhost").0,
            &["authority", "CA:TRUE", "CA:FALSE", "sign one with it"],
        ),
        (authority.expired("localhost"), &["expired", "renew"]),
        (
            authority.of_the_future("localhost"),
            &["not valid yet", "clock"],
        ),
        (
            authority.identity("other.example"),
            &["another host", "other.example"],
        ),
    ];
    for (identity, expected) in cases {
        let server = TlsServer::start(identity);
        let said = refusal(to(&server.url("localhost")).add_root_certificate_pem(authority.pem()));
        for part in expected {
            assert!(said.contains(part), "{part:?} is missing in: {said}");
        }
        assert!(said.contains("localhost"), "{said}");
        assert!(server.requests().is_empty());
    }
}

#[test]
fn a_trusted_authority_is_not_a_server_certificate_and_the_error_explains_it() {
    own_process!();
    let (identity, pem) = Authority::as_server("localhost");
    let server = TlsServer::start(identity);
    let said = refusal(to(&server.url("localhost")).add_root_certificate_pem(pem));
    for part in ["CA:TRUE", "CA:FALSE and trust that, or sign one with it"] {
        assert!(said.contains(part), "{said}");
    }
}

/// The answer of a server that supports no newer version than 1.1: its hello, of version 3.2, with
/// the suite `TLS_RSA_WITH_AES_128_CBC_SHA`.
fn hello_of_tls_1_1() -> Vec<u8> {
    let mut hello = vec![3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 0x2f, 0]);
    let mut message = vec![2, 0, 0, u8::try_from(hello.len()).unwrap()];
    message.extend(hello);
    let mut record = vec![22, 3, 2, 0, u8::try_from(message.len()).unwrap()];
    record.extend(message);
    record
}

#[test]
fn versions_before_1_2_and_what_is_no_tls_are_refused() {
    own_process!();
    let alert = |code| vec![21, 3, 2, 0, 2, 2, code];
    for (answer, expected) in [
        (hello_of_tls_1_1(), "TLS 1.2"),
        (alert(70), "TLS 1.2"),
        (alert(40), "encryption"),
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
            "does not speak TLS",
        ),
        (b"220 mail.example ESMTP\r\n".to_vec(), "does not speak TLS"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!(
            "https://{}/api/v2/metrics/ingest",
            listener.local_addr().unwrap()
        );
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut hello = [0; 4_096];
                let _ = stream.read(&mut hello);
                let _ = stream.write_all(&answer);
                // Read on, so that no reset overtakes the answer.
                while stream.read(&mut hello).is_ok_and(|length| length > 0) {}
            }
        });
        let said = refusal(to(&url).add_root_certificate_pem(Authority::new().pem()));
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn a_host_without_roots_gets_advice() {
    let test = path_of(a_host_without_roots_gets_advice);
    if is_child(test) {
        let url = "https://a.live.dynatrace.com/api/v2/metrics/ingest";
        let error = to(url).install().unwrap_err().to_string();
        for fix in [
            "ca-certificates",
            "SSL_CERT_FILE",
            "add_root_certificate_pem",
        ] {
            assert!(error.contains(fix), "{error}");
        }
        // One that was added is enough, and without TLS none is needed.
        let added = to(url).add_root_certificate_pem(Authority::new().pem());
        added.install().unwrap().shutdown(AMPLE).unwrap();
        to("http://127.0.0.1:9/api/v2/metrics/ingest")
            .install()
            .unwrap()
            .shutdown(AMPLE)
            .unwrap();
        return;
    }
    let empty = concat!(env!("CARGO_TARGET_TMPDIR"), "/no-roots.pem");
    std::fs::write(empty, "").unwrap();
    let _turn = shared();
    let mut child = child(test);
    child.env("SSL_CERT_FILE", empty).env_remove("SSL_CERT_DIR");
    passes(child);
}

#[test]
fn broken_roots_are_reported_and_used_once_repaired() {
    let roots = concat!(env!("CARGO_TARGET_TMPDIR"), "/broken-roots.pem");
    let test = path_of(broken_roots_are_reported_and_used_once_repaired);
    if is_child(test) {
        let authority = Authority::new();
        let server = TlsServer::start(authority.identity("localhost"));
        let metrics = to(&server.url("localhost")).install().unwrap();
        count!("tls.mended");
        let error = metrics.flush(AMPLE).unwrap_err().to_string();
        assert!(error.contains("SSL_CERT_FILE"), "{error}");
        assert_eq!(metrics.health().points_pending, 1);
        std::fs::write(roots, authority.pem()).unwrap();
        metrics.flush(AMPLE).unwrap();
        assert_eq!(metrics.health().points_accepted, 1);
        assert_accounted(1, &metrics.health());
        assert_arrived(server.requests().len() as u64, 1, &metrics.health());
        return;
    }
    std::fs::write(roots, "-----BEGIN CERTIFICATE-----\n").unwrap();
    let _turn = shared();
    let mut child = child(test);
    child.env("SSL_CERT_FILE", roots).env_remove("SSL_CERT_DIR");
    passes(child);
}

#[test]
fn an_authority_that_is_replaced_is_trusted_without_a_restart() {
    let roots = concat!(env!("CARGO_TARGET_TMPDIR"), "/replaced-roots.pem");
    let test = path_of(an_authority_that_is_replaced_is_trusted_without_a_restart);
    if is_child(test) {
        let (old, new) = (Authority::new(), Authority::new());
        std::fs::write(roots, old.pem()).unwrap();
        let server = TlsServer::start(old.identity("localhost"));
        // Each request has a connection of its own.
        let metrics = to(&server.url("localhost"))
            .delivery_guarantee(DeliveryGuarantee::AtMostOnce)
            .install()
            .unwrap();
        count!("tls.replaced");
        metrics.flush(AMPLE).unwrap();
        // The server is first, the host's certificates follow.
        server.replace(new.identity("localhost"));
        count!("tls.replaced");
        let error = metrics.flush(Duration::from_millis(500)).unwrap_err();
        let health = metrics.health();
        let said = health.last_error.unwrap();
        assert!(
            said.contains("root that this host does not trust"),
            "{error}: {said}"
        );
        assert_eq!((health.points_accepted, health.points_pending), (1, 1));
        std::fs::write(roots, format!("{}{}", old.pem(), new.pem())).unwrap();
        metrics.flush(AMPLE).unwrap();
        assert_eq!(metrics.health().points_accepted, 2);
        assert_accounted(2, &metrics.health());
        assert_arrived(server.requests().len() as u64, 1, &metrics.health());
        return;
    }
    std::fs::write(roots, Authority::new().pem()).unwrap();
    let _turn = shared();
    let mut child = child(test);
    child.env("SSL_CERT_FILE", roots).env_remove("SSL_CERT_DIR");
    passes(child);
}

#[test]
fn a_file_of_certificates_that_the_environment_names_is_read_again() {
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/collector-roots.pem");
    let test = path_of(a_file_of_certificates_that_the_environment_names_is_read_again);
    let (old, new) = (Authority::new(), Authority::new());
    if is_child(test) {
        std::fs::write(file, old.pem()).unwrap();
        let server = TlsServer::start(new.identity("localhost"));
        // Set by the parent, but for another port.
        let port = std::env::var("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT").unwrap();
        let port: u16 = port.rsplit(':').next().unwrap().parse().unwrap();
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let there = server.address;
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = std::net::TcpStream::connect(there).unwrap();
                let (mut from, mut to) = (stream.try_clone().unwrap(), server.try_clone().unwrap());
                thread::spawn(move || std::io::copy(&mut from, &mut to));
                let (mut from, mut to) = (server, stream);
                thread::spawn(move || std::io::copy(&mut from, &mut to));
            }
        });
        let metrics = dt_metrics::builder()
            .push_interval(NEVER)
            .otlp()
            .install()
            .unwrap();
        count!("tls.collector");
        metrics.flush(Duration::from_millis(500)).unwrap_err();
        std::fs::write(file, new.pem()).unwrap();
        metrics.flush(AMPLE).unwrap();
        assert_eq!(metrics.health().points_accepted, 1);
        assert_accounted(1, &metrics.health());
        return;
    }
    std::fs::write(file, old.pem()).unwrap();
    let _turn = shared();
    let mut child = child(test);
    child
        .env("OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE", file)
        .env(
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
            format!("https://localhost:{}", unused_port()),
        );
    passes(child);
}

#[test]
fn a_client_of_the_program_without_tls_of_its_own_still_works() {
    // Features of one crate add up over a program. OpenTelemetry's OTLP exporter makes such a
    // client, and panics if TLS is there but no provider for it.
    reqwest::Client::builder().build().unwrap();
    assert!(
        rustls::crypto::CryptoProvider::get_default().is_none(),
        "that is the program's"
    );
}
