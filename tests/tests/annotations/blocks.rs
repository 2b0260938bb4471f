//! `timer!` and `in_flight_guard!` as guards, `record!` with a `Duration`, over real HTTP.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use crate::common::export::{gauges, payloads};
use crate::common::{AMPLE, server, to};
use dt_metrics::testing::{Captured, capture, capture_with};
use dt_metrics::{catalog, in_flight_guard, record, timer};
use dt_metrics_local::protocol::Payload;

/// The ways in which a block can end.
#[derive(Clone, Copy, Debug)]
enum End {
    Normally,
    Return,
    QuestionMark,
    Break,
    Panic,
}

fn block(end: End) -> Result<(), String> {
    for _ in 0..2 {
        let _timer = timer!("blocks.ended", dims(end = format!("{end:?}")));
        let _busy = in_flight_guard!("blocks.busy", dims(end = format!("{end:?}")));
        match end {
            End::Normally => {}
            End::Return => return Ok(()),
            End::QuestionMark => Err("?")?,
            End::Break => break,
            End::Panic => panic!("as intended"),
        }
    }
    Ok(())
}

#[test]
fn guards_record_however_their_block_ends() {
    let ends = [
        (End::Normally, 2),
        (End::Return, 1),
        (End::QuestionMark, 1),
        (End::Break, 1),
        (End::Panic, 1),
    ];
    let seen = capture(|| {
        for (end, _) in ends {
            drop(catch_unwind(|| block(end)));
        }
    });
    for (end, times) in ends {
        let end = format!("{end:?}");
        let timed = seen.histogram("blocks.ended").with("end", &end).count();
        assert_eq!(timed, times, "{end}");
        let busy = seen.up_down_counter("blocks.busy").with("end", &end);
        assert_eq!(busy.value(), 0, "{end}");
    }
}

async fn held() {
    let _timer = timer!("blocks.awaited", unit = "us");
    let _busy = in_flight_guard!("blocks.awaited.busy");
    std::future::pending::<()>().await;
}

#[test]
fn guards_live_across_an_await_and_end_with_a_cancelled_future() {
    let counts = |seen: &Captured| {
        (
            seen.histogram("blocks.awaited").count(),
            seen.up_down_counter("blocks.awaited.busy").value(),
        )
    };
    let mut context = Context::from_waker(Waker::noop());
    let mut future = Box::pin(held());
    let seen = capture(|| assert!(future.as_mut().poll(&mut context).is_pending()));
    assert_eq!(counts(&seen), (0, 1));
    // Where it is dropped does not matter.
    let seen = thread::spawn(move || capture(|| drop(future)));
    assert_eq!(counts(&seen.join().unwrap()), (1, -1));
}

#[test]
fn a_timer_is_stopped_once_or_discarded() {
    let (seen, elapsed) = capture_with(|| {
        let elapsed = timer!("blocks.stopped", unit = "ns").stop();
        timer!("blocks.stopped", unit = "ns").discard();
        let shard = String::from("a");
        timer!("blocks.stopped", dims(shard = &shard), unit = "ns").discard();
        elapsed
    });
    let values = seen.histogram("blocks.stopped").values();
    assert_eq!(values.len(), 1);
    // Whole nanoseconds.
    assert!((values[0] - elapsed.as_secs_f64() * 1e9).abs() <= 1.0);
}

#[test]
fn durations_are_recorded_in_the_unit() {
    const MILLISECONDS: &str = "ms";
    const WEEKS: &str = "wk";
    let day = Duration::from_secs(86_400);
    let seen = capture(|| {
        record!("blocks.none", day);
        record!("blocks.s", &day, unit = "s");
        record!("blocks.ms", day, unit = MILLISECONDS);
        record!("blocks.us", day, unit = "us");
        record!("blocks.ns", Duration::from_nanos(7), unit = "ns");
        record!("blocks.min", day, unit = "min");
        record!("blocks.h", day, unit = "h");
        record!("blocks.d", day, unit = "d");
        record!("blocks.wk", 7 * day, unit = WEEKS);
        record!("blocks.max", Duration::MAX, unit = "s");
    });
    for (name, value) in [
        ("blocks.none", 86_400.0),
        ("blocks.s", 86_400.0),
        ("blocks.ms", 86_400e3),
        ("blocks.us", 86_400e6),
        ("blocks.ns", 7.0),
        ("blocks.min", 1_440.0),
        ("blocks.h", 24.0),
        ("blocks.d", 1.0),
        ("blocks.wk", 1.0),
        ("blocks.max", 18_446_744_073_709_551_616.0),
    ] {
        assert_eq!(seen.histogram(name).values(), [value], "{name}");
    }
}

#[test]
fn the_catalogue_has_the_arguments_of_timers() {
    fn never_called() {
        let _timer = timer!("blocks.in_catalogue", dims(table = "orders"));
        let _timer = timer!("blocks.in_catalogue", unit = "s", description = "Queries");
    }
    let _: fn() = never_called;
    let catalog = catalog();
    let found: Vec<_> = catalog
        .iter()
        .filter(|descriptor| descriptor.name == "blocks.in_catalogue")
        .collect();
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|descriptor| descriptor.unit == "s"));
    assert_eq!(found[0].dimension_keys, ["table"]);
    assert_eq!(found[1].description, "Queries");
}

#[test]
fn guards_that_are_dropped_on_other_threads_are_delivered() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    let guards: Vec<_> = (0..64_u8)
        .map(|n| {
            (
                timer!("blocks.moved", dims(n = n % 2)),
                in_flight_guard!("blocks.moved.busy", dims(n = n % 2)),
            )
        })
        .collect();
    metrics.flush(AMPLE).unwrap();
    let busy = || ["0", "1"].map(|n| gauges(&server, "blocks.moved.busy", &[("n", n)]));
    assert_eq!(busy(), [[32.0], [32.0]]);
    assert!(payloads(&server, "blocks.moved").is_empty());

    for guard in guards {
        thread::spawn(move || {
            let guard = AssertUnwindSafe(guard);
            let panicked = catch_unwind(move || {
                let _guard = guard;
                panic!("as intended");
            });
            assert!(panicked.is_err());
        })
        .join()
        .unwrap();
    }
    metrics.shutdown(AMPLE).unwrap();
    assert!(server.rejected().is_empty(), "{:?}", server.rejected());
    let counts = payloads(&server, "blocks.moved");
    let counts: Vec<_> = counts
        .iter()
        .map(|payload| match payload {
            Payload::Summary { count, .. } => *count,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(counts, [32, 32]);
    assert_eq!(busy(), [[32.0, 0.0], [32.0, 0.0]]);
}
