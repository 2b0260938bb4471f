//! Series of dropped handles end; series of held handles do not.

use std::time::Duration;

use super::installed;

#[test]
fn a_series_ends_once_its_handles_are_dropped_and_it_is_idle() {
    let installed = installed();
    let settings = dt_metrics_recorder::builder().idle_timeout(Duration::ZERO);
    let recorder = settings.build();
    let held = metrics::with_local_recorder(&recorder, || {
        metrics::gauge!("idle.dropped").set(1);
        metrics::counter!("idle.counter").increment(2);
        let held = metrics::gauge!("idle.held");
        held.set(3);
        held
    });
    let lines = |metric| installed.received(metric, &[]).0;
    // Its value is pushed before it ends.
    assert!(lines("idle.dropped") >= 1);
    assert_eq!(installed.total("idle.counter", &[]), 2.0);
    let (dropped, kept) = (lines("idle.dropped"), lines("idle.held"));
    for _ in 0..3 {
        installed.flush();
    }
    assert_eq!(lines("idle.dropped"), dropped);
    assert!(lines("idle.held") >= kept + 3);

    // Handles of the same series share its value with the handle that is held.
    metrics::with_local_recorder(&recorder, || metrics::gauge!("idle.held").increment(1));
    assert_eq!(installed.total("idle.held", &[]), 4.0);

    // A counter that ended goes on, a gauge begins again.
    metrics::with_local_recorder(&recorder, || {
        metrics::counter!("idle.counter").increment(3);
        metrics::gauge!("idle.dropped").increment(4);
    });
    assert_eq!(installed.total("idle.counter", &[]), 5.0);
    assert_eq!(installed.total("idle.dropped", &[]), 4.0);
    drop(held);
    installed.flush();
    let kept = lines("idle.held");
    installed.flush();
    assert_eq!(lines("idle.held"), kept);
}

#[test]
fn gauges_of_the_global_recorder_do_not_end() {
    let installed = installed();
    metrics::gauge!("idle.set_once").set(1);
    let lines = |metric| installed.received(metric, &[]).0;
    let first = lines("idle.set_once");
    assert!(lines("idle.set_once") > first);
    assert!(installed.total("dt_metrics_recorder.series", &[]) >= 1.0);
}
