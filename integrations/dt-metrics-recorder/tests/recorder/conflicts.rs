//! Metrics that contradict each other are reported, and nothing panics.

use std::io;
use std::sync::{Arc, Mutex};

use dt_metrics::counted;
use metrics::Unit;

use super::installed;

/// The log output while `run` runs.
fn logged(run: impl FnOnce()) -> String {
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(text)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, run);
    String::from_utf8(log.0.lock().unwrap().clone()).unwrap()
}

#[counted(name = "conflict.annotated")]
fn annotated() {}

#[test]
fn a_name_of_another_kind_or_unit_is_reported_once_and_the_first_one_arrives() {
    let installed = installed();
    let log = logged(|| {
        annotated();
        for shard in ["1", "2", "3"] {
            metrics::gauge!("conflict.annotated", "shard" => shard).set(7);
        }
        metrics::counter!("conflict.kind").increment(1);
        metrics::histogram!("conflict.kind").record(1);
        metrics::describe_counter!("conflict.unit", Unit::Bytes, "");
        metrics::counter!("conflict.unit").increment(1);
        metrics::describe_counter!("Conflict.Unit", Unit::Seconds, "");
        metrics::counter!("Conflict.Unit").increment(10);
        metrics::counter!("///").increment(1);
    });
    for name in [
        "conflict.annotated",
        "conflict.kind",
        "Conflict.Unit",
        "///",
    ] {
        let begin = format!("the values of the metric `{name}`");
        assert_eq!(log.matches(&begin).count(), 1, "{name}: {log}");
    }
    assert_eq!(log.lines().count(), 4, "{log}");
    assert_eq!(installed.received("conflict.annotated", &[]).1, 1.0);
    assert_eq!(installed.total("conflict.kind", &[]), 1.0);
    assert_eq!(installed.total("conflict.unit", &[]), 1.0);
}

#[test]
fn a_second_installation_is_harmless() {
    installed();
    dt_metrics_recorder::install().unwrap();
}
