//! Timings, calls in flight, gauges and values of enums, over real HTTP.

use std::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::export::gauges;
use crate::common::{AMPLE, server, to};
use dt_metrics::{DimensionValue, Handle, counted, gauge, in_flight, timed};
use dt_metrics_local::Server;
use dt_metrics_local::protocol::Payload;

/// The sum of all lines of one series of a distribution.
#[derive(Debug)]
struct Summary {
    count: u64,
    min: f64,
    max: f64,
    sum: f64,
}

fn summary(server: &Server, key: &str, dimensions: &[(&str, &str)]) -> Summary {
    let mut all = Summary {
        count: 0,
        min: f64::INFINITY,
        max: f64::NEG_INFINITY,
        sum: 0.0,
    };
    for line in server.lines() {
        if line.key != key || !line.has_dimensions(dimensions) {
            continue;
        }
        let Payload::Summary {
            min,
            max,
            sum,
            count,
        } = line.payload
        else {
            panic!("{line}");
        };
        assert!(min <= max && count > 0, "{line}");
        all.count += count;
        all.min = all.min.min(min);
        all.max = all.max.max(max);
        all.sum += sum;
    }
    all
}

/// The unit in the annotation.
fn unit(name: &str) -> &'static str {
    let catalog = dt_metrics::catalog();
    let named = catalog
        .into_iter()
        .find(|descriptor| descriptor.name == name);
    named.map_or("none", |descriptor| descriptor.unit)
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

/// Polls once, then gives up.
fn cancel(future: impl Future) {
    let polled = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending());
}

/// Takes this long, on whatever machine.
fn take(time: Duration) {
    let begin = Instant::now();
    while begin.elapsed() < time {
        thread::yield_now();
    }
}

#[timed(name = "family.seconds", dims(kind = "plain"))]
fn seconds() {
    take(Duration::from_millis(2));
}

#[timed(name = "family.milliseconds", unit = MILLISECONDS)]
fn milliseconds() {
    take(Duration::from_millis(2));
}

const MILLISECONDS: &str = "ms";

#[test]
fn a_duration_has_count_range_sum_and_unit() {
    own_process!();
    // Before there is a pipeline, on a thread that has ended by then.
    thread::spawn(seconds).join().unwrap();
    let server = server();
    let metrics = to(&server).install().unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..5).for_each(|_| seconds()));
        }
    });
    milliseconds();
    metrics.flush(AMPLE).unwrap();
    seconds();
    metrics.shutdown(AMPLE).unwrap();

    assert!(server.rejected().is_empty(), "{:?}", server.rejected());
    // One in a hundred for the difference of two clocks.
    let shortest = 0.99 * 0.002;
    let all = summary(&server, "family.seconds", &[("kind", "plain")]);
    assert_eq!(all.count, 22);
    assert!(all.min >= shortest && all.max < 30.0, "{all:?}");
    assert!(all.sum >= 22.0 * all.min && all.sum <= 22.0 * all.max);
    assert_eq!(unit("family.seconds"), "s");

    let one = summary(&server, "family.milliseconds", &[]);
    assert_eq!(one.count, 1);
    assert!(
        one.min >= 1_000.0 * shortest && one.max < 30_000.0,
        "{one:?}"
    );
    assert_eq!(unit("family.milliseconds"), "ms");
}

#[derive(Clone, Copy)]
enum End {
    Tail,
    Return,
    QuestionMark,
    Panic,
}

impl DimensionValue for End {
    fn dimension_value(&self) -> Option<dt_metrics::Value<'_>> {
        let text = match self {
            Self::Tail => "tail",
            Self::Return => "return",
            Self::QuestionMark => "question_mark",
            Self::Panic => "panic",
        };
        text.dimension_value()
    }
}

#[timed(name = "family.ends", dims(end = end))]
#[in_flight(name = "family.ends.in_flight", dims(end = end))]
#[counted(name = "family.ends.calls", dims(end = end))]
fn ends(end: End, during: impl FnOnce()) -> Option<u32> {
    during();
    match end {
        End::Tail => {}
        End::Return => return Some(1),
        End::QuestionMark => drop(None::<()>?),
        End::Panic => resume_unwind(Box::new(())),
    }
    Some(2)
}

#[counted(name = "family.async_ends.calls")]
#[timed(name = "family.async_ends", dims(end = end))]
#[in_flight(name = "family.async_ends.in_flight", dims(end = end))]
async fn async_ends(end: End, during: impl FnOnce()) -> Option<u32> {
    tokio::task::yield_now().await;
    during();
    match end {
        End::Tail => {}
        End::Return => return Some(1),
        End::QuestionMark => drop(None::<()>?),
        End::Panic => resume_unwind(Box::new(())),
    }
    ready(Some(2)).await
}

const ENDS: [(End, &str); 4] = [
    (End::Tail, "tail"),
    (End::Return, "return"),
    (End::QuestionMark, "question_mark"),
    (End::Panic, "panic"),
];

#[test]
fn every_end_of_a_call_is_recorded_once_by_every_annotation() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    let flush = || metrics.flush(AMPLE).unwrap();
    let panics = |call: &dyn Fn()| catch_unwind(AssertUnwindSafe(call)).is_err();
    for (end, _) in ENDS {
        let expected = matches!(end, End::Panic);
        assert_eq!(panics(&|| _ = ends(end, flush)), expected);
        assert_eq!(panics(&|| _ = block_on(async_ends(end, flush))), expected);
        flush();
    }
    metrics.shutdown(AMPLE).unwrap();

    for (_, end) in ENDS {
        let end = [("end", end)];
        for key in ["family.ends", "family.async_ends"] {
            assert_eq!(summary(&server, key, &end).count, 1, "{key} {end:?}");
            let in_flight = gauges(&server, &format!("{key}.in_flight"), &end);
            let (during, after) = (in_flight.first(), in_flight.last());
            assert_eq!((during, after), (Some(&1.0), Some(&0.0)), "{key} {end:?}");
        }
        assert_eq!(server.counter_total("family.ends.calls", &end), 1.0);
    }
    assert_eq!(server.counter_total("family.async_ends.calls", &[]), 4.0);
}

#[counted(name = "family.cancelled.calls")]
#[timed(name = "family.cancelled")]
#[in_flight(name = "family.cancelled.in_flight")]
async fn cancelled(during: impl FnOnce()) {
    during();
    pending::<()>().await;
}

#[test]
fn a_cancelled_future_was_in_flight_and_took_its_time() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    // Made, never polled: nothing began.
    drop(cancelled(|| {}));
    cancel(cancelled(|| {}));
    cancel(cancelled(|| metrics.flush(AMPLE).unwrap()));
    metrics.shutdown(AMPLE).unwrap();
    assert_eq!(server.counter_total("family.cancelled.calls", &[]), 2.0);
    assert_eq!(summary(&server, "family.cancelled", &[]).count, 2);
    let in_flight = gauges(&server, "family.cancelled.in_flight", &[]);
    assert_eq!(in_flight, [1.0, 0.0]);
}

/// The number in flight now, as the server receives it. Called by destructors, so it does not
/// panic.
fn in_flight_now(metrics: &Handle, server: &Server, key: &str) -> f64 {
    match metrics.flush(AMPLE) {
        Ok(()) => gauges(server, key, &[]).pop().unwrap_or(f64::NAN),
        Err(_) => f64::NAN,
    }
}

/// Looks when it is dropped.
struct Look<F: FnMut()>(F);

impl<F: FnMut()> Drop for Look<F> {
    fn drop(&mut self) {
        self.0();
    }
}

#[in_flight(name = "family.dropped")]
fn dropped(_parameter: Look<impl FnMut()>, local: impl FnMut()) {
    let _local = Look(local);
}

#[test]
fn a_guard_outlives_the_locals_but_not_the_parameters() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    let now = || in_flight_now(&metrics, &server, "family.dropped");
    let (mut at_local, mut at_parameter) = (-1.0, -1.0);
    dropped(Look(|| at_parameter = now()), || at_local = now());
    assert_eq!((at_local, at_parameter), (1.0, 0.0));
}

#[derive(Clone, Copy, DimensionValue)]
enum Tier {
    Free,
    PayAsYouGo,
    #[dimension(rename = "gold")]
    Enterprise,
}

const TIERS: [(Tier, &str); 3] = [
    (Tier::Free, "free"),
    (Tier::PayAsYouGo, "pay_as_you_go"),
    (Tier::Enterprise, "gold"),
];

#[counted(name = "family.tiers.calls", dims(tier = tier, region = "eu", paid = paid))]
#[timed(name = "family.tiers", dims(tier = tier, paid = paid))]
#[in_flight(name = "family.tiers.in_flight", dims(paid = paid, text = "a", tier = &tier))]
fn tiers(tier: Tier, paid: bool, during: impl FnOnce()) {
    let _ = (tier, paid);
    during();
}

#[counted(name = "family.generic", dims(value = value, shard = 1))]
fn generic<V: DimensionValue>(value: V) {
    drop(value);
}

#[test]
fn enums_and_bools_are_dimensions() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    for (calls, (tier, _)) in (1_u32..).zip(TIERS) {
        for _ in 1..calls {
            tiers(tier, true, || {});
        }
        tiers(tier, true, || {
            tiers(tier, false, || metrics.flush(AMPLE).unwrap());
        });
        generic(tier);
    }
    for value in [true, true, false] {
        generic(value);
    }
    generic("text");
    metrics.shutdown(AMPLE).unwrap();

    assert!(server.rejected().is_empty(), "{:?}", server.rejected());
    for (calls, (_, tier)) in (1_u32..).zip(TIERS) {
        for (paid, calls) in [("true", calls), ("false", 1)] {
            let series = [("tier", tier), ("paid", paid)];
            let counted = server.counter_total("family.tiers.calls", &series);
            assert_eq!(counted, f64::from(calls), "{series:?}");
            let timed = summary(&server, "family.tiers", &series);
            assert_eq!(timed.count, u64::from(calls), "{series:?}");
            let in_flight = gauges(&server, "family.tiers.in_flight", &series);
            let (during, after) = (in_flight.first(), in_flight.last());
            assert_eq!((during, after), (Some(&1.0), Some(&0.0)), "{series:?}");
        }
        assert_eq!(
            server.counter_total("family.generic", &[("value", tier)]),
            1.0
        );
    }
    assert_eq!(
        server.counter_total("family.tiers.calls", &[("region", "eu")]),
        9.0
    );
    for (value, calls) in [("true", 2.0), ("false", 1.0), ("text", 1.0)] {
        let series = [("value", value), ("shard", "1")];
        assert_eq!(
            server.counter_total("family.generic", &series),
            calls,
            "{value}"
        );
    }
}

#[test]
fn a_gauge_keeps_its_last_value_and_is_sent_at_each_push() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    for depth in [3, 1, 2] {
        gauge!("family.depth", depth, unit = "{order}");
    }
    for (tier, name) in TIERS {
        gauge!(
            "family.length",
            name.len(),
            dims(tier = tier, kind = "enum")
        );
        gauge!("family.length", -0.5, dims(name = name));
    }
    metrics.flush(AMPLE).unwrap();
    metrics.flush(AMPLE).unwrap();
    thread::spawn(|| gauge!("family.depth", -7)).join().unwrap();
    metrics.flush(AMPLE).unwrap();
    gauge!("family.depth", 8.5);
    metrics.shutdown(AMPLE).unwrap();

    assert_eq!(gauges(&server, "family.depth", &[]), [2.0, 2.0, -7.0, 8.5]);
    assert_eq!(unit("family.depth"), "{order}");
    for (_, name) in TIERS {
        let by_tier = gauges(
            &server,
            "family.length",
            &[("tier", name), ("kind", "enum")],
        );
        let length = f64::from(u32::try_from(name.len()).unwrap());
        assert_eq!(by_tier, [length; 4], "{name}");
        assert_eq!(
            gauges(&server, "family.length", &[("name", name)]),
            [-0.5; 4],
            "{name}"
        );
    }
}
