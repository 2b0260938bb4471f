//! Dimensions are evaluated once each, in the order written, on entry or on return.

use std::cell::RefCell;

use dt_metrics::testing::{capture, capture_async};
use dt_metrics::{DimensionValue, counted, measured, recorded};

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
