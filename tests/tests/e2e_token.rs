//! A wrong token is reported and never shown.

mod common;

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{alone, to};
use dt_metrics::count;
use dt_metrics_local::Server;
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

const TOKEN: &str = "dt0c01.WRONG.0123456789abcdef";

/// Everything that is logged, at any level, by anyone.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Log {
    fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

impl<S: tracing::Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        struct Line<'a>(&'a mut String);
        impl Visit for Line<'_> {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                write!(self.0, " {field}={value:?}").unwrap();
            }
        }
        let mut text = self.0.lock().unwrap();
        let metadata = event.metadata();
        write!(text, "{} {}", metadata.level(), metadata.target()).unwrap();
        event.record(&mut Line(&mut text));
        text.push('\n');
    }
}

#[test]
fn a_wrong_token_is_named_by_its_scope_and_appears_nowhere() {
    let _turn = alone();
    let log = Log::default();
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(log.clone()))
        .unwrap();
    let server = Server::builder().token("another").start().unwrap();

    let builder = to(&server).api_token(TOKEN);
    let mut shown = format!("{builder:#?}");
    let metrics = builder.install().unwrap();
    count!("token.wrong");
    let error = metrics.flush(Duration::from_secs(30)).unwrap_err();
    write!(shown, "{error:#?} {error} {metrics:#?}").unwrap();

    let health = metrics.health();
    write!(shown, "{health:#?}").unwrap();
    let last = health.last_error.unwrap();
    assert!(
        last.contains("401") && last.contains("metrics.ingest"),
        "{last}"
    );
    assert_eq!((health.lines_ok, health.buffered_lines), (0, 1));

    // The program goes on, and what was counted is still there.
    count!("token.wrong");
    let error = metrics.shutdown(Duration::from_secs(30)).unwrap_err();
    write!(shown, "{error:#?} {error}").unwrap();
    assert_eq!(metrics.health().dropped_by_reason.get("shutdown"), Some(&2));
    drop(metrics);

    let log = log.text();
    assert!(log.contains("WARN dt_metrics"), "{log}");
    assert!(
        log.lines().any(|line| line.starts_with("TRACE")),
        "logs of all levels are here"
    );
    for text in [&log, &shown] {
        assert!(!text.contains(TOKEN), "{text}");
        assert!(!text.contains("0123456789abcdef"), "{text}");
    }
}
