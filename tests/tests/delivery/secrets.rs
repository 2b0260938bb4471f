//! Only the endpoint receives the token, with any behaviour of the endpoint.

use std::fmt;
use std::time::Duration;

use crate::common::log::Log;
use crate::common::to;
use dt_metrics::count;
use dt_metrics::dynatrace::Exporter;
use dt_metrics_local::store::Authorization;
use dt_metrics_local::{Answer, Fault, Server};

/// Its last part alone is as secret as the whole token.
const TOKEN: &str = "dt0c01.ABCDEFGH.0123456789SECRET";
const SECRET: &str = "0123456789SECRET";

/// Long enough for an attempt, and for one that is given up.
const MOMENT: Duration = Duration::from_millis(150);

/// Everything that is logged and printed, at any level, by any crate.
struct Said(Log);

impl Said {
    fn listen() -> Self {
        Self(Log::install())
    }

    fn add(&self, text: fmt::Arguments<'_>) {
        self.0.add(&text.to_string());
    }

    /// An error with all its causes.
    fn add_chain(&self, error: &dyn std::error::Error) {
        let mut next = Some(error);
        while let Some(error) = next {
            self.add(format_args!("{error} {error:?} {error:#?}"));
            next = error.source();
        }
    }

    fn assert_no_secret(&self) {
        let text = self.0.text();
        let line = text.lines().find(|line| line.contains(SECRET));
        assert_eq!(line, None);
    }
}

fn faults() -> Vec<Fault> {
    let answers = [
        202, 301, 400, 401, 403, 404, 413, 418, 429, 500, 502, 503, 504,
    ];
    let mut faults: Vec<_> = answers.map(Fault::EchoAuthorization).into();
    faults.extend(answers.map(Fault::from));
    let json = r#"{"linesOk":0,"linesInvalid":1,"error":{"message":"TOKEN","invalidLines":[{"line":1,"error":"SECRET"}]}}"#;
    let json = json.replace("TOKEN", TOKEN).replace("SECRET", SECRET);
    let html = format!("<!DOCTYPE html><title>{TOKEN}</title>");
    let slow = Fault::SlowAnswer {
        bytes_per_second: 1,
    };
    faults.extend([
        Answer::new(400).body(json).into(),
        Answer::new(200).body(html).into(),
        Answer::new(503).header("X-Token", TOKEN).into(),
        Answer::redirect(format!("http://127.0.0.1:9/{TOKEN}")).into(),
        Fault::RefuseLines(1),
        Fault::SilentBeforeReading,
        Fault::SilentAfterReading,
        Fault::ResetBeforeReading,
        Fault::ResetAfterReading,
        Fault::EndlessBody,
        Fault::EndlessHeaders,
        slow,
    ]);
    faults
}

#[test]
fn no_failure_shows_the_token_to_anybody() {
    own_process!();
    let said = Said::listen();
    for fault in faults() {
        let server = Server::builder().token(TOKEN).start().unwrap();
        server.fail_always(fault).unwrap();
        let builder = to(&server).api_token(TOKEN);
        said.add(format_args!("{builder:?} {builder:#?}"));
        let metrics = builder.install().unwrap();
        count!("secrets.counted");
        let flushed = metrics.flush(MOMENT);
        said.add(format_args!(
            "{flushed:?} {metrics:?} {:?}",
            metrics.health()
        ));
        if let Err(error) = &flushed {
            said.add_chain(error);
        }
        if let Err(error) = metrics.shutdown(MOMENT) {
            said.add_chain(&error);
        }
        said.add(format_args!("{metrics:#?} {:#?}", metrics.health()));
    }
    said.assert_no_secret();
    let log = said.0.text();
    for part in ["WARN dt_metrics", "TRACE", "DEBUG reqwest"] {
        assert!(log.contains(part), "logs of all are here: {part}");
    }
}

#[test]
fn a_redirect_to_another_host_gets_nothing() {
    own_process!();
    let said = Said::listen();
    let elsewhere = Server::builder().start().unwrap();
    for status in [301, 302, 303, 307, 308] {
        let server = Server::builder().token(TOKEN).start().unwrap();
        // Another name for an address is another host.
        let location = elsewhere.url().replace("127.0.0.1", "localhost");
        let redirect = Answer::new(status).header("Location", location);
        server.fail_always(redirect).unwrap();
        let metrics = to(&server).api_token(TOKEN).install().unwrap();
        count!("secrets.redirected");
        let error = metrics
            .flush(Duration::from_secs(10))
            .unwrap_err()
            .to_string();
        assert!(error.contains("redirect"), "{error}");
        // The first request arrived, and had the token.
        assert_eq!(server.requests()[0].authorization, Authorization::Accepted);
        server.recover();
        metrics.shutdown(Duration::from_secs(10)).unwrap();
        assert_eq!(server.total("secrets.redirected"), 1.0);
    }
    assert!(elsewhere.requests().is_empty());
    said.assert_no_secret();
}

#[test]
fn a_token_in_cleartext_for_another_host_is_an_error() {
    own_process!();
    let said = Said::listen();
    for endpoint in [
        "http://myenv123.live.dynatrace.example/api/v2/metrics/ingest",
        "http://192.0.2.1:9999/e/env/api/v2/metrics/ingest",
    ] {
        let pipeline = dt_metrics::builder().endpoint(endpoint).api_token(TOKEN);
        let error = pipeline.install().unwrap_err();
        assert!(error.to_string().contains("https"), "{error}");
        said.add_chain(&error);
        let exporter = Exporter::builder().endpoint(endpoint).api_token(TOKEN);
        said.add(format_args!("{exporter:?} {exporter:#?}"));
        let error = exporter.build().unwrap_err();
        assert!(error.to_string().contains("https"), "{error}");
        said.add_chain(&error);
    }
    said.assert_no_secret();
}
