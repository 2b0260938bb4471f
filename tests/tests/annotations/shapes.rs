//! Arguments in shapes that the reference pages do not show, each with its value.

#![allow(
    clippy::needless_pass_by_value,
    clippy::unused_async,
    clippy::unused_self,
    reason = "functions without a body of their own"
)]

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use dt_metrics::testing::capture;
use dt_metrics::{
    DimensionValue, Dimensions, count, counted, gauge, measured, record, recorded, timed, timer,
    up_down_counter,
};
use http::{Method, StatusCode};

mod names {
    pub const CALLS: &str = "shapes.constant";
    pub const UNIT: &str = "{call}";
}

#[counted(name = names::CALLS, unit = self::names::UNIT, by = amount)]
fn by_u128(amount: u128) {}

#[counted(name = "shapes.by", by = amounts.iter().copied().map(u16::from).sum::<u16>(), dims(r#type = "a", amounts.len = amounts.len()))]
fn by_u16(amounts: &[u8]) {}

#[test]
fn any_unsigned_integer_is_added() {
    let seen = capture(|| {
        by_u128(u128::from(u64::MAX));
        by_u16(&[1, 2, 250]);
        count!("shapes.by.macro", 3_u8);
        count!("shapes.by.macro", 4_usize, dims("type" = "b"));
        up_down_counter!("shapes.level", -3_i8);
        up_down_counter!("shapes.level", 1);
    });
    assert_eq!(seen.counter(names::CALLS).value(), u64::MAX);
    let by = seen.counter("shapes.by");
    assert_eq!(by.with("type", "a").with("amounts.len", 3).value(), 253);
    assert_eq!(seen.counter("shapes.by.macro").value(), 7);
    assert_eq!(seen.counter("shapes.by.macro").with("type", "b").value(), 4);
    assert_eq!(seen.up_down_counter("shapes.level").value(), -2);
}

/// Consumes its parameter, so that only an evaluation on entry can see it.
#[recorded(name = "shapes.entry", value = body.len(), unit = "By", dims(kind = ?body.is_empty()))]
fn consume(body: Vec<u8>) -> usize {
    drop(body);
    7
}

#[recorded(name = "shapes.return", value = *ret + retries, dims(first = %retries))]
fn produce(retries: usize) -> usize {
    7
}

#[recorded(name = "shapes.took", value = wait, unit = "ms", boundaries = [1.0, 10.0])]
async fn wait(wait: Duration) {}

#[test]
fn recorded_values_are_taken_on_entry_or_on_return() {
    let seen = capture(|| {
        consume(vec![1, 2, 3]);
        produce(2);
        let mut future = std::pin::pin!(wait(Duration::from_micros(2_500)));
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(future.as_mut().poll(&mut cx).is_ready());
        record!(
            "shapes.took.macro",
            Duration::from_millis(3),
            unit = "us",
            boundaries = [5.0]
        );
    });
    let entry = seen.histogram("shapes.entry").with("kind", "false");
    assert_eq!((entry.count(), entry.sum()), (1, 3.0));
    let on_return = seen.histogram("shapes.return").with("first", "2");
    assert_eq!(on_return.sum(), 9.0);
    assert_eq!(seen.histogram("shapes.took").sum(), 2.5);
    assert_eq!(seen.histogram("shapes.took.macro").sum(), 3_000.0);
}

struct Label(u8);

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "label-{}", self.0)
    }
}

#[derive(Debug, DimensionValue)]
enum Failure<T> {
    HTTPError(T),
    #[dimension(rename = "gone away")]
    Gone {
        _at: u8,
    },
    #[dimension(transparent)]
    Named(Cow<'static, str>),
    #[dimension(skip)]
    Unnamed,
    r#Type,
}

#[derive(Dimensions)]
struct Tags<'a> {
    tier: &'a str,
    shard: Option<Arc<str>>,
}

#[measured(
    name = "shapes.failing",
    in_flight = false,
    dims(..tags, label = %Label(number), route),
    ret_dims(error.type = ret.as_ref().err(), big = ?ret.as_ref().ok().map(|n| n > &1)),
)]
fn failing(tags: &Tags<'_>, number: u8, route: Rc<str>) -> Result<u8, Failure<String>> {
    Err(match number {
        0 => Failure::HTTPError("x".to_owned()),
        1 => Failure::Gone { _at: 1 },
        2 => Failure::Named("by itself".into()),
        3 => Failure::Unnamed,
        4 => Failure::r#Type,
        _ => return Ok(number),
    })
}

#[test]
fn every_kind_of_dimension_has_its_value() {
    let seen = capture(|| {
        for number in 0..=5 {
            let tags = Tags {
                tier: "gold",
                shard: (number == 1).then(|| Arc::from("seven")),
            };
            let _ = failing(&tags, number, Rc::from("/orders"));
        }
    });
    let calls = seen.counter("shapes.failing.calls");
    let calls = calls.with("tier", "gold").with("route", "/orders");
    for (label, error, big) in [
        ("label-0", "http_error", "None"),
        ("label-2", "by itself", "None"),
        ("label-4", "type", "None"),
    ] {
        let series = calls.clone().with("label", label).with("error.type", error);
        let series = series.with("outcome", "err").with("big", big);
        assert_eq!(series.value(), 1, "{label}");
    }
    let gone = calls.clone().with("error.type", "gone away");
    assert_eq!(gone.with("shard", "seven").value(), 1);
    assert_eq!(calls.clone().with("label", "label-3").value(), 1);
    let fine = calls
        .clone()
        .with("outcome", "ok")
        .with("big", "Some(true)");
    assert_eq!(fine.value(), 1);
    assert_eq!(seen.histogram("shapes.failing.duration").count(), 6);
}

#[timed(name = "shapes.http", unit = "us", when = err, err_if = ret.is_server_error(), dims(method), ret_dims(status = *ret))]
fn answer(method: Method, status: StatusCode) -> StatusCode {
    status
}

#[test]
fn types_of_http_are_values_and_a_condition_chooses_the_calls() {
    let seen = capture(|| {
        answer(Method::GET, StatusCode::OK);
        answer(Method::GET, StatusCode::BAD_GATEWAY);
        answer(Method::PATCH, StatusCode::BAD_GATEWAY);
    });
    let failed = seen.histogram("shapes.http");
    assert_eq!(failed.count(), 2);
    assert_eq!(
        failed.with("method", "PATCH").with("status", 502).count(),
        1
    );
}

struct Store(&'static str);

#[measured(name = "shapes.store", duration = false, in_flight = false, dims(store = self.0))]
impl Store {
    fn get(&self) {}

    #[allow(improper_ctypes_definitions, reason = "nothing else calls it")]
    extern "C" fn take(self) {}

    #[measured(skip)]
    fn quiet(&self) {}
}

#[test]
fn methods_of_every_kind_share_the_dimensions_of_their_block() {
    let seen = capture(|| {
        let mut store = Store("main");
        store.get();
        store.get();
        store.quiet();
        store.0 = "other";
        store.take();
    });
    let get = seen.counter("shapes.store.get.calls");
    assert_eq!(get.with("store", "main").value(), 2);
    let take = seen.counter("shapes.store.take.calls");
    assert_eq!(take.with("store", "other").with("outcome", "ok").value(), 1);
}

#[test]
fn instruments_in_a_body_take_dimensions_and_any_number() {
    let route = "a";
    let seen = capture(|| {
        gauge!("shapes.gauge", 2_u8, dims(route, exact = true));
        gauge!("shapes.gauge", -2.5_f32, dims(route, exact = false));
        record!("shapes.size", b"abc".len(), unit = "By", dims(route));
        let timer = timer!("shapes.timer", dims(route = %route, depth = ?Some(1)));
        assert!(timer.stop() < Duration::from_secs(600));
        timer!("shapes.timer.discarded").discard();
    });
    let gauge = seen.gauge("shapes.gauge").with("route", "a");
    assert_eq!(gauge.clone().with("exact", true).value(), Some(2.0));
    assert_eq!(gauge.with("exact", false).value(), Some(-2.5));
    assert_eq!(seen.histogram("shapes.size").sum(), 3.0);
    let timer = seen.histogram("shapes.timer").with("depth", "Some(1)");
    assert_eq!(timer.with("route", "a").count(), 1);
    assert_eq!(seen.histogram("shapes.timer.discarded").count(), 0);
}
