//! Returned values that count as errors by a condition.

use core::future::{Future, ready};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::panic::{Location, catch_unwind};

use async_trait::async_trait;
use dt_metrics::testing::{Captured, capture, capture_async};
use dt_metrics::{counted, measured, recorded, timed};
use futures_core::stream::Stream;
use http::StatusCode;

fn outcomes(seen: &Captured, name: &str) -> [u64; 3] {
    ["ok", "err", "panic"].map(|outcome| seen.counter(name).with("outcome", outcome).value())
}

#[counted(name = "err_if.status", err_if = ret.is_server_error())]
#[timed(name = "err_if.status.time", err_if = ret.is_server_error(), when = err)]
#[recorded(name = "err_if.status.code", value = f64::from(ret.as_u16()), err_if = ret.as_u16() > 500)]
fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap()
}

#[test]
fn a_condition_decides_for_types_that_are_not_a_result() {
    let seen = capture(|| [200, 404, 500, 503].map(status));
    assert_eq!(outcomes(&seen, "err_if.status"), [2, 2, 0]);
    assert_eq!(seen.histogram("err_if.status.time").count(), 2);
    let codes = seen.histogram("err_if.status.code");
    assert_eq!(codes.clone().with("outcome", "err").values(), [503.0]);
    assert_eq!(codes.with("outcome", "ok").count(), 3);
}

#[measured(name = "err_if.result", err_if = matches!(ret, Ok(n) if *n > limit))]
fn result(n: u32, limit: u32) -> Result<u32, String> {
    if n == 0 {
        return Err(String::new());
    }
    Ok(n)
}

#[counted(name = "err_if.demanded", outcome = result, err_if = ret.is_ok_and(|n| n > 1))]
fn demanded(n: u8) -> Result<u8, ()> {
    (n > 0).then_some(n).ok_or(())
}

#[test]
fn an_error_stays_one_and_parameters_are_in_scope() {
    let seen = capture(|| {
        for n in [0_u8, 1, 2, 3] {
            let _ = (result(n.into(), 2), demanded(n));
        }
    });
    assert_eq!(outcomes(&seen, "err_if.result.calls"), [2, 2, 0]);
    assert_eq!(
        seen.histogram("err_if.result.duration")
            .with("outcome", "err")
            .count(),
        2
    );
    assert_eq!(outcomes(&seen, "err_if.demanded"), [1, 3, 0]);
}

#[counted(name = "err_if.dims", dims(tier), ret_dims(len = ret.len()), err_if = ret.is_empty())]
fn with_dimensions(tier: &str) -> String {
    tier.replace("free", "")
}

#[test]
fn dimensions_are_there_as_well() {
    let seen = capture(|| (with_dimensions("free"), with_dimensions("gold")));
    let calls = seen.counter("err_if.dims");
    assert_eq!(
        calls
            .clone()
            .with("tier", "free")
            .with("len", 0)
            .with("outcome", "err")
            .value(),
        1
    );
    assert_eq!(
        calls
            .with("tier", "gold")
            .with("len", 4)
            .with("outcome", "ok")
            .value(),
        1
    );
}

#[measured(name = "err_if.async", err_if = ret.is_none())]
async fn asynchronous(value: Option<&str>) -> Option<&str> {
    ready(()).await;
    value
}

#[measured(name = "err_if.future", err_if = *ret > 1)]
fn future(n: u8) -> impl Future<Output = u8> {
    async move { n }
}

#[measured(name = "err_if.boxed", err_if = *ret > 1)]
fn boxed(n: u8) -> Pin<Box<dyn Future<Output = u8> + Send>> {
    Box::pin(async move { n })
}

type Alias<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[measured(name = "err_if.alias", err_if = *ret > 1)]
fn alias<'a>(n: &'a u8) -> Alias<'a, u8> {
    Box::pin(async move { *n })
}

#[async_trait]
trait Service {
    async fn call(&self, n: u8) -> u8;
}

struct Here;

#[async_trait]
impl Service for Here {
    #[measured(name = "err_if.async_trait", err_if = *ret > 1)]
    async fn call(&self, n: u8) -> u8 {
        n
    }
}

#[tokio::test]
async fn futures_of_every_form() {
    let seen = capture_async(async {
        for n in [1, 2] {
            asynchronous((n == 1).then_some("a")).await;
            future(n).await;
            boxed(n).await;
            alias(&n).await;
            Here.call(n).await;
        }
        drop(boxed(1));
    })
    .await;
    for name in ["async", "future", "boxed", "alias", "async_trait"] {
        let name = format!("err_if.{name}.calls");
        assert_eq!(outcomes(&seen, &name), [1, 1, 0], "{name}");
    }
}

struct Items(Vec<u8>);

impl Stream for Items {
    type Item = u8;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u8>> {
        Poll::Ready(self.0.pop())
    }
}

#[measured(name = "err_if.stream", err_if = *ret > limit)]
fn stream(items: Vec<u8>, limit: u8) -> impl Stream<Item = u8> {
    Items(items)
}

#[counted(name = "err_if.stream.opaque", err_if = *ret == 0)]
fn unnamed_stream<T: Default + PartialEq<u8> + Send>(
    items: impl Stream<Item = T>,
) -> impl Stream<Item = T> {
    items
}

fn drain(stream: impl Stream) {
    let mut stream = pin!(stream);
    let mut context = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(_)) = stream.as_mut().poll_next(&mut context) {}
}

#[test]
fn a_stream_failed_if_one_of_its_items_did() {
    let seen = capture(|| {
        drain(stream(vec![1, 2, 3], 3));
        drain(stream(vec![1, 9, 3], 3));
        drain(unnamed_stream(Items(vec![1, 0])));
    });
    assert_eq!(outcomes(&seen, "err_if.stream.calls"), [1, 1, 0]);
    assert_eq!(outcomes(&seen, "err_if.stream.opaque"), [0, 1, 0]);
}

#[track_caller]
#[counted(name = "err_if.caller", err_if = ret.line() == 0)]
fn caller() -> &'static Location<'static> {
    Location::caller()
}

#[counted(name = "err_if.panics", err_if = { assert!(*ret < 2, "too much"); *ret == 1 })]
fn judged_by_a_panic(n: u8) -> u8 {
    n
}

#[counted(name = "err_if.unit", err_if = matches!(ret, ()), when = err)]
fn unit() {}

#[test]
fn callers_panics_and_nothing() {
    let seen = capture(|| {
        caller();
        for n in 0..3 {
            let _ = catch_unwind(move || judged_by_a_panic(n));
        }
        unit();
    });
    assert_eq!(outcomes(&seen, "err_if.caller"), [1, 0, 0]);
    assert_eq!(outcomes(&seen, "err_if.panics"), [1, 1, 1]);
    assert_eq!(outcomes(&seen, "err_if.unit"), [0, 1, 0]);
}

struct Gate(u8);

#[measured(name = "err_if.block", err_if = *ret > self.0)]
impl Gate {
    fn pass(&self, n: u8) -> u8 {
        n
    }

    #[measured(err_if = ret.is_none())]
    fn find(&self, n: u8) -> Option<u8> {
        (n == self.0).then_some(n)
    }
}

#[test]
fn a_block_has_a_condition_for_all_of_its_methods() {
    let seen = capture(|| {
        let gate = Gate(1);
        [0, 1, 2].map(|n| (gate.pass(n), gate.find(n)))
    });
    assert_eq!(outcomes(&seen, "err_if.block.pass.calls"), [2, 1, 0]);
    assert_eq!(outcomes(&seen, "err_if.block.find.calls"), [1, 2, 0]);
}
