//! The token is seen by the endpoint and by nobody else, whatever the endpoint does.

mod common;

use std::fmt::{self, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use common::{alone, to};
use dt_metrics::count;
use dt_metrics::dynatrace::Exporter;
use dt_metrics_local::store::Authorization;
use dt_metrics_local::{Answer, Fault, Server};
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// Its last part alone is as good as the whole.
const TOKEN: &str = "dt0c01.ABCDEFGH.0123456789SECRET";
const SECRET: &str = "0123456789SECRET";

/// Long enough for an attempt, and for one that is given up.
const MOMENT: Duration = Duration::from_millis(150);

/// Everything that is logged or printed, at any level, by anyone.
static LOG: Mutex<String> = Mutex::new(String::new());

fn say(text: fmt::Arguments<'_>) {
    let mut log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
    writeln!(log, "{text}").unwrap();
}

/// Events of `tracing`, spans included.
struct Events;

impl Visit for Events {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        say(format_args!("{field}={value:?}"));
    }
}

impl<S: tracing::Subscriber> Layer<S> for Events {
    fn on_new_span(
        &self,
        attributes: &tracing::span::Attributes<'_>,
        _: &tracing::Id,
        _: Context<'_, S>,
    ) {
        attributes.record(&mut Self);
    }

    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        say(format_args!("{} {}", metadata.level(), metadata.target()));
        event.record(&mut Self);
    }
}

/// Records of `log`, which the HTTP client and TLS write.
impl log::Log for Events {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        say(format_args!(
            "{} {} {}",
            record.level(),
            record.target(),
            record.args()
        ));
    }

    fn flush(&self) {}
}

/// What any program would have, and this one reads.
fn listen() {
    let subscriber = tracing_subscriber::registry().with(Events);
    // Set by another test already.
    let _ = tracing::subscriber::set_global_default(subscriber);
    let _ = log::set_logger(&Events);
    log::set_max_level(log::LevelFilter::Trace);
}

fn assert_no_secret() {
    let log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
    let line = log.lines().find(|line| line.contains(SECRET));
    assert_eq!(line, None);
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
    let _turn = alone();
    listen();
    for fault in faults() {
        let server = Server::builder().token(TOKEN).start().unwrap();
        server.fail_always(fault).unwrap();
        let builder = to(&server).api_token(TOKEN);
        say(format_args!("{builder:?} {builder:#?}"));
        let metrics = builder.install().unwrap();
        count!("secrets.counted");
        let flushed = metrics.flush(MOMENT);
        say(format_args!(
            "{flushed:?} {metrics:?} {:?}",
            metrics.health()
        ));
        if let Err(error) = &flushed {
            chain(error);
        }
        if let Err(error) = metrics.shutdown(MOMENT) {
            chain(&error);
        }
        say(format_args!("{metrics:#?} {:#?}", metrics.health()));
    }
    assert_no_secret();
    let log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
    for part in ["WARN dt_metrics", "TRACE", "DEBUG reqwest"] {
        assert!(log.contains(part), "logs of all are here: {part}");
    }
}

fn chain(error: &dyn std::error::Error) {
    let mut next = Some(error);
    while let Some(error) = next {
        say(format_args!("{error} {error:?} {error:#?}"));
        next = error.source();
    }
}

#[test]
fn a_redirect_to_another_host_gets_nothing() {
    let _turn = alone();
    listen();
    let elsewhere = Server::builder().start().unwrap();
    for status in [301, 302, 303, 307, 308] {
        let server = Server::builder().token(TOKEN).start().unwrap();
        // The same address by another name is another host.
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
        // What came was the first request, and it had the token.
        assert_eq!(server.requests()[0].authorization, Authorization::Accepted);
        server.recover();
        metrics.shutdown(Duration::from_secs(10)).unwrap();
        assert_eq!(server.total("secrets.redirected"), 1.0);
    }
    assert!(elsewhere.requests().is_empty());
    assert_no_secret();
}

#[test]
fn a_token_in_cleartext_for_another_host_is_an_error() {
    let _turn = alone();
    listen();
    for endpoint in [
        "http://myenv123.live.dynatrace.example/api/v2/metrics/ingest",
        "http://192.0.2.1:9999/e/env/api/v2/metrics/ingest",
    ] {
        let pipeline = dt_metrics::builder().endpoint(endpoint).api_token(TOKEN);
        let error = pipeline.install().unwrap_err();
        assert!(error.to_string().contains("https"), "{error}");
        chain(&error);
        let exporter = Exporter::builder().endpoint(endpoint).api_token(TOKEN);
        say(format_args!("{exporter:?} {exporter:#?}"));
        let error = exporter.build().unwrap_err();
        assert!(error.to_string().contains("https"), "{error}");
        chain(&error);
    }
    assert_no_secret();
}
