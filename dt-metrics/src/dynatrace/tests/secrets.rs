//! The token is seen by the endpoint and by nobody else.

use crate::dynatrace::exporter::Exporter;
use crate::dynatrace::tests::server::{Reply, Server};
use crate::dynatrace::tests::{LONG, TOKEN, export_one, to};
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use tracing_subscriber::fmt::MakeWriter;

/// Where all events of this process go.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// The last part alone is as secret as the whole token.
fn assert_no_secret(text: &str) {
    let (_, secret) = TOKEN.rsplit_once('.').expect("three parts");
    assert!(
        !text.contains(TOKEN) && !text.contains(secret),
        "the token is in: {text}"
    );
}

#[test]
fn the_token_is_in_no_log_and_in_no_debug_even_if_the_server_sends_it_back() {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .with_ansi(false)
        .init();
    for status in [202, 301, 400, 401, 403, 404, 413, 429, 500] {
        let (_, secret) = TOKEN.rsplit_once('.').expect("three parts");
        let bodies = [
            format!("no such token: {TOKEN}"),
            format!(
                r#"{{"linesOk":0,"linesInvalid":1,"error":{{"message":"{TOKEN}","invalidLines":[{{"line":1,"error":"{secret}"}}]}}}}"#
            ),
        ];
        for body in bodies {
            let server = Server::start(move |_, _| Reply::with_body(status, body.clone()));
            let builder = to(&server);
            assert_no_secret(&format!("{builder:?}"));
            let exporter = builder.build().expect("valid");
            let _provider = export_one(&exporter);
            let result = exporter.flush(std::time::Duration::from_millis(200));
            assert_no_secret(&format!("{result:?}"));
            if let Err(error) = result {
                assert_no_secret(&error.to_string());
            }
            let result = exporter.shutdown(std::time::Duration::from_millis(200));
            assert_no_secret(&format!("{result:?} {exporter:?} {:?}", exporter.health()));
        }
    }
    let log = String::from_utf8_lossy(&log.0.lock().expect("whole")).into_owned();
    assert!(log.contains("dt_metrics"), "events are captured: {log}");
    assert_no_secret(&log);
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Server::accepting();
    let location = elsewhere.url("/api/v2/metrics/ingest");
    let server = Server::start(move |_, _| Reply::Answer {
        status: 307,
        headers: vec![("location", location.clone())],
        body: String::new(),
    });
    let exporter = to(&server).build().expect("valid");
    let _provider = export_one(&exporter);
    let error = exporter.flush(LONG).expect_err("refused").to_string();
    assert!(error.contains("redirect"), "{error}");
    assert!(elsewhere.requests().is_empty());
    assert_eq!(exporter.health().points_pending, 1);
}

#[test]
fn errors_of_the_configuration_do_not_contain_the_token() {
    let cleartext = Exporter::builder().endpoint("http://example.com/api/v2/metrics/ingest");
    let error = cleartext
        .clone()
        .api_token(TOKEN)
        .build()
        .expect_err("readable by anyone");
    assert_no_secret(&format!("{error} {error:?}"));
    let token = format!("{TOKEN}\nx");
    let error = cleartext.api_token(token).build().expect_err("not a token");
    assert_no_secret(&format!("{error} {error:?}"));
}
