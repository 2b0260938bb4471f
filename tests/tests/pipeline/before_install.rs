//! Measurements from before there is a pipeline. There must never have been one in the process.

use std::thread;

use crate::common::{AMPLE, server, to};
use dt_metrics::{counted, timed};
use dt_metrics_local::protocol::Payload;

#[counted(name = "before.calls")]
#[timed(name = "before.duration", dims(worker = worker))]
fn call(worker: u32) {
    let _ = worker;
}

#[test]
fn each_thread_keeps_its_newest_4096_values_and_all_counts() {
    own_process!();
    for (worker, calls) in [(1, 5_000), (2, 4_096), (3, 20_000)] {
        thread::spawn(move || (0..calls).for_each(|_| call(worker)))
            .join()
            .unwrap();
    }
    // The threads took turns, and with them one place in memory: the newest of all are kept.
    let server = server();
    let metrics = to(&server).install().unwrap();
    metrics.flush(AMPLE).unwrap();
    assert_eq!(server.counter_total("before.calls", &[]), 29_096.0);
    let counts: Vec<_> = server
        .lines()
        .into_iter()
        .filter(|line| line.key == "before.duration")
        .map(|line| match line.payload {
            Payload::Summary { count, .. } => (line.dimension("worker").map(str::to_owned), count),
            _ => (None, 0),
        })
        .collect();
    assert_eq!(counts, [(Some("3".to_owned()), 4_096)]);
    let health = metrics.health();
    assert_eq!(health.dropped.get("before_install"), Some(&25_000));
    assert_eq!(health.points_dropped, 25_000);

    // From now on nothing is given up.
    (0..20_000).for_each(|_| call(4));
    metrics.shutdown(AMPLE).unwrap();
    assert_eq!(metrics.health().points_dropped, 25_000);
    let series = server.series();
    let fourth = |series: &&dt_metrics_local::store::Series| {
        series.metric == "before.duration"
            && series
                .dimensions
                .contains(&("worker".to_owned(), "4".to_owned()))
    };
    assert_eq!(
        series.iter().find(fourth).map(|series| series.values),
        Some(20_000)
    );
}
