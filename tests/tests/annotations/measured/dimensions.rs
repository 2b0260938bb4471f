//! Dimensions are evaluated once each, in the order written, on entry or on return.

use std::cell::{Cell, RefCell};
use std::future::{Future as _, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Waker};

use dt_metrics::testing::{capture, capture_async};
use dt_metrics::{DimensionValue, counted, measured, recorded, timed};

thread_local! {
    static ORDER: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

fn note<T>(what: &'static str, value: T) -> T {
    ORDER.with_borrow_mut(|order| order.push(what));
    value
}

fn noted() -> Vec<&'static str> {
    ORDER.take()
}

#[measured(
    name = "order",
    dims(a = note("a", text.as_str()), b = note("b", 2), "c-c" = "literal"),
    ret_dims(d = note("d", ret.is_ok()), e = note("e", ret.as_ref().map_or(0, String::len)))
)]
fn ordered(text: String) -> Result<String, ()> {
    note("body", Ok(text))
}

#[test]
fn in_the_order_written() {
    let seen = capture(|| {
        assert_eq!(ordered("abc".to_owned()), Ok("abc".to_owned()));
    });
    assert_eq!(noted(), ["a", "b", "body", "d", "e"]);
    let calls = seen.counter("order.calls");
    let calls = calls.with("a", "abc").with("b", 2).with("c-c", "literal");
    let calls = calls.with("d", true).with("e", 3).with("outcome", "ok");
    assert_eq!(calls.value(), 1, "{seen:?}");
    let in_flight = seen.up_down_counter("order.in_flight");
    assert_eq!(in_flight.with("a", "abc").value(), 0);
}

#[counted(name = "only_then", when = err, dims(a = note("a", 1)))]
fn only_then(fails: bool) -> Result<(), ()> {
    if fails { Err(()) } else { Ok(()) }
}

#[test]
fn regardless_of_when() {
    let seen = capture(|| only_then(false).unwrap());
    assert_eq!((noted(), seen.is_empty()), (vec!["a"], true));
    let seen = capture(|| only_then(true).unwrap_err());
    assert_eq!(noted(), ["a"]);
    assert_eq!(seen.counter("only_then").with("a", 1).value(), 1);
}

#[derive(DimensionValue)]
enum Tier {
    Free,
    Paid,
}

struct User {
    tier: Tier,
    name: String,
}

impl User {
    #[counted(name = "consumed", outcome, dims(tier = self.tier, name = self.name, vip = vip))]
    fn consume(self, vip: bool) -> Option<String> {
        vip.then_some(self.name)
    }
}

#[test]
fn values_that_the_body_consumes() {
    let long = "n".repeat(200);
    let seen = capture(|| {
        let user = User {
            tier: Tier::Paid,
            name: long.clone(),
        };
        assert_eq!(user.consume(true), Some(long.clone()));
        let user = User {
            tier: Tier::Free,
            name: String::new(),
        };
        assert_eq!(user.consume(false), None);
    });
    let paid = seen.counter("consumed").with("tier", "paid");
    assert_eq!(
        paid.with("name", &*long).with("vip", true).value(),
        1,
        "{seen:?}"
    );
    assert_eq!(seen.counter("consumed").with("vip", false).value(), 1);
}

#[counted(name = "made", outcome, dims(route = note("dims", route)))]
fn made(route: &str) -> impl Future<Output = Result<(), ()>> + use<> {
    note("made", ());
    async { note("run", Ok(())) }
}

#[tokio::test]
async fn of_a_function_that_returns_a_future_at_the_call() {
    let seen = capture_async(async {
        let future = {
            let route = "/orders".to_owned();
            made(&route)
        };
        assert_eq!(noted(), ["dims", "made"]);
        future.await.unwrap();
        assert_eq!(noted(), ["run"]);
    })
    .await;
    assert_eq!(seen.counter("made").with("route", "/orders").value(), 1);
}

#[recorded(name = "sizes", value = ret.len(), unit = "By", ret_dims(first = ret.first().copied()))]
fn sizes(bytes: &[u8]) -> Vec<u8> {
    bytes.to_vec()
}

#[test]
fn values_of_the_return_value() {
    let seen = capture(|| {
        sizes(&[1, 2]);
        sizes(&[]);
        sizes(&[1]);
    });
    assert_eq!(seen.histogram("sizes").values(), [2.0, 0.0, 1.0]);
    assert_eq!(
        seen.histogram("sizes").with("first", 1).values(),
        [2.0, 1.0]
    );
}

#[counted(name = "panics", ret_dims(a = ret), dims(b = 1))]
fn panics(yes: bool) -> u8 {
    if yes {
        std::panic::panic_any(());
    }
    1
}

#[test]
fn a_value_on_return_needs_a_return_type() {
    let seen = capture(|| {
        std::panic::catch_unwind(|| panics(true)).unwrap_err();
        panics(false);
    });
    assert_eq!(seen.counter("panics").with("b", 1).value(), 2);
    assert_eq!(seen.counter("panics").with("a", 1).value(), 1);
    assert_eq!(
        seen.counter("panics").with("a", None::<u8>).value(),
        1,
        "{seen:?}"
    );
}

#[measured(name = "handed", dims(order = note("order", 7), text = note("text", text.as_str())))]
async fn later(text: String, then: &Cell<u32>) -> Result<String, ()> {
    note("body", ());
    tokio::task::yield_now().await;
    then.set(then.get() + 1);
    if text.is_empty() {
        return Err(());
    }
    Ok(text)
}

/// As the body itself, the values are evaluated once, at the first poll.
#[tokio::test]
async fn of_an_async_fn_at_the_first_poll() {
    let seen = capture_async(async {
        let polls = Cell::new(0);
        drop(later("dropped".to_owned(), &polls));
        assert_eq!(noted(), [""; 0]);
        let (a, b) = (later("a".to_owned(), &polls), later(String::new(), &polls));
        assert_eq!(noted(), [""; 0]);
        assert_eq!(tokio::join!(b, a), (Err(()), Ok("a".to_owned())));
        assert_eq!(noted(), ["order", "text", "body", "order", "text", "body"]);
        assert_eq!(polls.get(), 2);
    })
    .await;
    let calls = seen.counter("handed.calls").with("order", 7);
    assert_eq!(calls.clone().value(), 2);
    assert_eq!(
        calls
            .clone()
            .with("text", "a")
            .with("outcome", "ok")
            .value(),
        1
    );
    assert_eq!(
        calls
            .clone()
            .with("text", "")
            .with("outcome", "err")
            .value(),
        1
    );
    assert_eq!(seen.up_down_counter("handed.in_flight").value(), 0);
}

#[counted(name = "handed.outer", outcome, by = inner(2).await, dims(inner = inner(3).await))]
#[timed(name = "handed.middle", outcome, dims(size = size + 1))]
#[measured(name = "handed.inner", dims(size = inner(size).await), ret_dims(even = *ret % 2 == 0))]
async fn outer(size: u64) -> u64 {
    inner(size).await + 1
}

#[counted(name = "handed.leaf", outcome, dims(size = size))]
async fn inner(size: u64) -> u64 {
    tokio::task::yield_now().await;
    size
}

/// Also if other measured futures are awaited in the values.
#[tokio::test]
async fn values_arrive_at_their_own_annotation() {
    let seen = capture_async(async {
        assert_eq!(tokio::join!(outer(10), outer(21)), (11, 22));
    })
    .await;
    let outer = seen.counter("handed.outer").with("inner", 3);
    assert_eq!(outer.clone().with("outcome", "ok").value(), 4);
    for size in [10, 21] {
        let even = size % 2 == 1;
        let inner = seen.counter("handed.inner.calls").with("size", size);
        assert_eq!(inner.with("even", even).value(), 1, "{size}");
        let middle = seen.histogram("handed.middle").with("size", size + 1);
        assert_eq!(middle.count(), 1, "{size}");
        assert_eq!(seen.counter("handed.leaf").with("size", size).value(), 2);
    }
}

#[measured(name = "handed.ends", dims(by = value(by)))]
async fn ends(by: &str) -> Result<(), ()> {
    match by {
        "panic" => panic!("in the body"),
        "drop" => pending().await,
        _ => Ok(()),
    }
}

fn value(by: &str) -> &str {
    assert_ne!(by, "value");
    by
}

fn poll_once(by: &str) {
    let mut context = Context::from_waker(Waker::noop());
    let polled = catch_unwind(AssertUnwindSafe(|| {
        pin!(ends(by)).poll(&mut context).is_ready()
    }));
    assert_eq!(polled.is_err(), by == "panic" || by == "value");
}

/// If the evaluation of a value panics, there is no call yet, and later calls have their own values.
#[test]
fn every_end_has_the_values_of_the_first_poll() {
    let seen = capture(|| {
        for by in ["panic", "value", "drop", "return"] {
            poll_once(by);
        }
    });
    let calls = seen.counter("handed.ends.calls");
    assert_eq!(calls.clone().value(), 3);
    for (by, outcome) in [("panic", "panic"), ("drop", "cancelled"), ("return", "ok")] {
        assert_eq!(
            calls
                .clone()
                .with("by", by)
                .with("outcome", outcome)
                .value(),
            1,
            "{by}"
        );
    }
    assert_eq!(seen.up_down_counter("handed.ends.in_flight").value(), 0);
}

struct Limits {
    most: u32,
    name: String,
}

impl Limits {
    #[measured(
        name = "limited",
        dims(name = self.name.as_str()),
        ret_dims(far = *ret > self.most * 2),
        err_if = *ret > self.most && matches!(self, Self { .. })
    )]
    async fn limited(&self, ret: u32) -> u32 {
        tokio::task::yield_now().await;
        ret
    }
}

/// The values of parameters at the end are those from the call.
#[tokio::test]
async fn values_on_return_with_self() {
    let limits = Limits {
        most: 3,
        name: "small".to_owned(),
    };
    let seen = capture_async(async {
        for value in [1, 4, 7] {
            assert_eq!(limits.limited(value).await, value);
        }
    })
    .await;
    let calls = seen.counter("limited.calls").with("name", "small");
    assert_eq!(
        calls
            .clone()
            .with("outcome", "ok")
            .with("far", false)
            .value(),
        1
    );
    assert_eq!(
        calls
            .clone()
            .with("outcome", "err")
            .with("far", false)
            .value(),
        1
    );
    assert_eq!(
        calls
            .clone()
            .with("outcome", "err")
            .with("far", true)
            .value(),
        1
    );
}

#[measured(name = "borrowed", dims(first = *first), err_if = *ret > limit)]
async fn borrowed((ref mut first, _): (u32, String), limit: u32) -> u32 {
    *first += 1;
    tokio::task::yield_now().await;
    *first
}

/// The pattern borrows the parameter for the value, and once more for the body.
#[tokio::test]
async fn of_a_variable_that_a_pattern_borrows() {
    let seen = capture_async(async {
        assert_eq!(borrowed((1, String::new()), 2).await, 2);
        assert_eq!(borrowed((2, String::new()), 2).await, 3);
    })
    .await;
    let calls = seen.counter("borrowed.calls");
    assert_eq!(
        calls.clone().with("first", 1).with("outcome", "ok").value(),
        1
    );
    assert_eq!(calls.with("first", 2).with("outcome", "err").value(), 1);
}
