//! Who may use the endpoint: programs and its own page, but no other web page.

use dt_metrics_local::Server;

use crate::client::{API, ONEAGENT, Reply, TEXT, raw, request};

const LINE: &[u8] = b"orders count,delta=1";

fn server() -> Server {
    Server::builder().start().expect("a free port is there")
}

fn send(server: &Server, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
    let headers = [&[TEXT], headers].concat();
    raw(server.address(), &request(method, path, &headers, LINE))
}

/// The paths of the endpoint, and the status that a caller of its own gets.
fn paths() -> Vec<(&'static str, &'static str, u16)> {
    let mut paths = vec![
        ("POST", API, 202),
        ("POST", "/e/abc/api/v2/metrics/ingest", 202),
        ("POST", ONEAGENT, 202),
        ("GET", "/", 200),
        ("GET", "/assets/main.js", 200),
        ("GET", "/api/snapshot", 200),
        ("GET", "/api/history?series=0", 200),
        ("GET", "/api/series", 200),
        ("GET", "/api/refused", 200),
        ("GET", "/api/requests", 200),
        ("POST", "/api/reset", 204),
        ("GET", "/nowhere", 404),
        ("OPTIONS", API, 405),
    ];
    if cfg!(feature = "otlp") {
        paths.push(("POST", "/api/v2/otlp/v1/metrics", 415));
        paths.push(("POST", "/v1/metrics", 415));
    }
    paths
}

#[test]
fn hosts() {
    let server = server();
    let port = server.address().port();
    for host in [
        "localhost".to_owned(),
        format!("localhost:{port}"),
        format!("LOCALHOST.:{port}"),
        format!("shop.localhost:{port}"),
        format!("127.0.0.1:{port}"),
        "127.1.2.3".to_owned(),
        format!("[::1]:{port}"),
        "[::ffff:127.0.0.1]".to_owned(),
        // A port that is forwarded has another number outside.
        "localhost:8080".to_owned(),
    ] {
        for (method, path, status) in paths() {
            let reply = send(&server, method, path, &[("Host", &host)]);
            assert_eq!(reply.status, status, "{method} {path} of {host}");
        }
    }
    let received = server.totals().lines;
    for host in [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        format!("localhost.evil.example:{port}"),
        format!("127.0.0.1.evil.example:{port}"),
        format!("notlocalhost:{port}"),
        format!("localhost@evil.example:{port}"),
        "192.168.0.7".to_owned(),
        "[fe80::1]".to_owned(),
        "0.0.0.0".to_owned(),
        "evil example".to_owned(),
        "localhost, evil.example".to_owned(),
        "localhost/evil.example".to_owned(),
        "localhost#evil.example".to_owned(),
        "evil.example%00.localhost".to_owned(),
        "127.0.0.1%00.evil.example".to_owned(),
        "127.1".to_owned(),
        "2130706433".to_owned(),
        "0x7f000001".to_owned(),
        "[::1%25lo]".to_owned(),
        "localhost..".to_owned(),
        "localhost.localdomain".to_owned(),
        String::new(),
    ] {
        for (method, path, _) in paths() {
            let reply = send(&server, method, path, &[("Host", &host)]);
            assert_eq!(reply.status, 421, "{method} {path} of {host}");
            assert!(!reply.body.contains("orders"), "{}", reply.body);
            let name = Some(concat!("dt-metrics-local/", env!("CARGO_PKG_VERSION")));
            assert_eq!(reply.header("server"), name);
        }
    }
    // A second header, and a host in the request line, count as well.
    let twice = [("Host", "localhost"), ("Host", "evil.example")];
    assert_eq!(send(&server, "POST", API, &twice).status, 421);
    let absolute = format!("http://evil.example{API}");
    assert_eq!(send(&server, "POST", &absolute, &[]).status, 421);
    let absolute = format!("http://localhost:{port}{API}");
    assert_eq!(send(&server, "POST", &absolute, &[]).status, 202);
    assert_eq!(server.totals().lines, received + 1);
    let message = server
        .requests()
        .into_iter()
        .find(|request| request.status == 421)
        .and_then(|request| request.message)
        .expect("the reason is kept");
    assert!(
        message.contains("evil.example") && message.contains("--allow-host"),
        "{message}"
    );
}

#[test]
fn hosts_that_the_server_is_configured_for() {
    let port_of = |server: &Server| server.address().port();
    let named = Server::builder()
        .listen("localhost:0")
        .allow_host("Metrics.internal")
        .allow_host("192.168.0.7")
        .start()
        .unwrap();
    for (host, status) in [
        ("metrics.internal", 202),
        ("METRICS.INTERNAL.:99", 202),
        ("192.168.0.7:99", 202),
        ("192.168.0.8:99", 421),
        ("internal", 421),
    ] {
        assert_eq!(
            send(&named, "POST", API, &[("Host", host)]).status,
            status,
            "{host}"
        );
    }
    // DNS cannot bind an address, so a server that listens on all of them accepts each of them.
    let everywhere = Server::builder().listen("0.0.0.0:0").start().unwrap();
    let port = port_of(&everywhere);
    for (host, status) in [
        (format!("0.0.0.0:{port}"), 202),
        (format!("192.168.0.8:{port}"), 202),
        (format!("[fe80::1]:{port}"), 202),
        (format!("evil.example:{port}"), 421),
    ] {
        assert_eq!(
            send(&everywhere, "POST", API, &[("Host", &host)]).status,
            status,
            "{host}"
        );
    }
}

#[test]
fn web_pages_of_other_origins() {
    let server = server();
    let port = server.address().port();
    let host = format!("localhost:{port}");
    let origins = [
        "http://evil.example".to_owned(),
        format!("http://evil.example:{port}"),
        "http://localhost".to_owned(),
        "http://localhost:3000".to_owned(),
        format!("http://127.0.0.1:{port}"),
        format!("http://localhost:{port}.evil.example"),
        "null".to_owned(),
        String::new(),
    ];
    for origin in &origins {
        for (method, path, _) in paths() {
            let reply = send(
                &server,
                method,
                path,
                &[("Host", &host), ("Origin", origin)],
            );
            assert_eq!(reply.status, 403, "{method} {path} from {origin}");
            assert_eq!(reply.header("access-control-allow-origin"), None);
        }
    }
    for site in ["cross-site", "same-site", "unknown"] {
        for (method, path, _) in paths() {
            let headers = [
                ("Host", &*host),
                ("Sec-Fetch-Site", site),
                ("Sec-Fetch-Mode", "no-cors"),
            ];
            assert_eq!(
                send(&server, method, path, &headers).status,
                403,
                "{method} {path}"
            );
        }
    }
    let twice = [("Sec-Fetch-Site", "none"), ("Sec-Fetch-Site", "cross-site")];
    assert_eq!(send(&server, "POST", API, &twice).status, 403);
    let socket = [
        ("Origin", "http://evil.example"),
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
    ];
    assert_eq!(send(&server, "GET", "/api/events", &socket).status, 403);
    // A frame of another page, and a form that another page sends.
    for (method, mode, destination) in [
        ("GET", "navigate", "iframe"),
        ("POST", "navigate", "document"),
        ("GET", "no-cors", "script"),
    ] {
        let headers = [
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Mode", mode),
            ("Sec-Fetch-Dest", destination),
        ];
        assert_eq!(
            send(&server, method, "/", &headers).status,
            403,
            "{mode} {destination}"
        );
    }
    assert!(server.lines().is_empty());
    let message = server.requests()[0].message.clone().unwrap();
    assert!(message.contains("http://evil.example"), "{message}");
}

#[test]
fn the_page_itself_and_a_link_to_it() {
    let server = server();
    let host = format!("localhost:{}", server.address().port());
    let origin = format!("http://{host}");
    let own = [
        ("Host", &*host),
        ("Origin", &*origin),
        ("Sec-Fetch-Site", "same-origin"),
        ("Sec-Fetch-Mode", "cors"),
    ];
    for (method, path, status) in paths() {
        assert_eq!(
            send(&server, method, path, &own).status,
            status,
            "{method} {path}"
        );
    }
    for site in ["none", "cross-site"] {
        let headers = [
            ("Sec-Fetch-Site", site),
            ("Sec-Fetch-Mode", "navigate"),
            ("Sec-Fetch-Dest", "document"),
        ];
        assert_eq!(send(&server, "GET", "/", &headers).status, 200);
    }
    // A proxy in front of the endpoint may speak TLS.
    let secure = format!("https://{host}");
    let headers = [("Host", &*host), ("Origin", &*secure)];
    assert_eq!(send(&server, "GET", "/api/snapshot", &headers).status, 200);
}

#[test]
fn programs_need_neither_host_nor_origin() {
    let server = server();
    let head = format!("POST {API} HTTP/1.0\r\nContent-Type: text/plain\r\n");
    let body = format!("Content-Length: {}\r\n\r\n", LINE.len());
    let request = [head.as_bytes(), body.as_bytes(), LINE].concat();
    assert_eq!(raw(server.address(), &request).status, 202);
    // The fetch of Node sends this one.
    assert_eq!(
        send(&server, "POST", API, &[("Sec-Fetch-Mode", "cors")]).status,
        202
    );
}
