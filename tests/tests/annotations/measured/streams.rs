//! Streams, and futures with further bounds, are measured to their end.

use core::future::{Future, pending, poll_fn, ready};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::collections::VecDeque;

use dt_metrics::testing::{Captured, capture};
use dt_metrics::{counted, in_flight, measured, timed};
use futures_core::future::FusedFuture;
use futures_core::stream::{FusedStream, Stream, TryStream};

/// A stream of these items, each after a poll that is pending.
#[derive(Debug)]
struct Items<T> {
    left: VecDeque<T>,
    ready: bool,
    panics: bool,
}

impl<T> Unpin for Items<T> {}

impl<T> Stream for Items<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
        self.ready = !self.ready;
        if self.ready {
            return Poll::Pending;
        }
        if self.left.is_empty() && self.panics {
            std::panic::panic_any(());
        }
        Poll::Ready(self.left.pop_front())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left.len(), Some(self.left.len()))
    }
}

impl<T> FusedStream for Items<T> {
    fn is_terminated(&self) -> bool {
        self.left.is_empty() && !self.ready
    }
}

fn items<T>(items: impl IntoIterator<Item = T>) -> Items<T> {
    Items {
        left: items.into_iter().collect(),
        ready: false,
        panics: false,
    }
}

/// The next item, polled until there is one.
fn next<S: Stream + ?Sized>(mut stream: Pin<&mut S>) -> Option<S::Item> {
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(item) = stream.as_mut().poll_next(&mut context) {
            return item;
        }
    }
}

fn drain<S: Stream>(stream: S) -> usize {
    let mut stream = pin!(stream);
    let mut count = 0;
    while next(stream.as_mut()).is_some() {
        count += 1;
    }
    count
}

type Rows = Result<u32, String>;

/// A marker for lifetimes that an opaque type captures.
trait Captures<'a> {}

impl<T: ?Sized> Captures<'_> for T {}

#[measured(name = "s.plain", dims(first = first))]
fn plain(first: u32) -> impl Stream<Item = u32> {
    items([first, 2, 3])
}

#[measured(name = "s.results")]
fn results(fails: bool) -> impl Stream<Item = Rows> + Send {
    items([Ok(1), if fails { Err(String::new()) } else { Ok(2) }])
}

#[measured(name = "s.captures", outcome = result)]
fn captures<'a>(text: &'a str) -> impl Captures<'a> + Stream<Item = Result<&'a str, ()>> + 'a {
    items(text.split(' ').map(Ok))
}

#[measured(name = "s.generic")]
fn generic<T: Clone>(item: T) -> impl Unpin + FusedStream<Item = T> {
    items([item.clone(), item])
}

#[measured(name = "s.opaque_item")]
fn opaque_item() -> impl Stream<Item = Result<impl Clone, ()>> {
    items([Ok("a"), Err(())])
}

#[measured(name = "s.try")]
fn try_stream() -> impl TryStream<Ok = u32, Error = String> {
    results(true)
}

#[measured(name = "s.pinned")]
fn pinned(fails: bool) -> Pin<Box<dyn Stream<Item = Rows> + Send>> {
    Box::pin(items([if fails { Err(String::new()) } else { Ok(2) }]))
}

#[measured(name = "s.pinned_elsewhere")]
fn pinned_elsewhere(early: bool) -> Pin<Box<dyn Stream<Item = u8>>> {
    let stream = items([1, 2]);
    if early {
        return Box::pin(stream);
    }
    Box::pin(items([3]))
}

#[measured(name = "s.boxed")]
fn boxed() -> Box<dyn Stream<Item = u8> + Unpin + Send> {
    Box::new(items([1]))
}

type BoxStream<'a, T> = Pin<Box<dyn Stream<Item = T> + Send + 'a>>;

#[measured(name = "s.alias")]
fn alias<'a>(text: &'a str) -> BoxStream<'a, Result<&'a str, ()>> {
    Box::pin(items([Ok(text)]))
}

struct Store(Vec<u32>);

#[measured(name = "s.store", dims(len = self.0.len()))]
impl Store {
    fn rows(&self) -> impl Stream<Item = &u32> {
        items(&self.0)
    }
}

#[counted(name = "s.chain")]
#[timed(name = "s.chain.duration", outcome, when = cancelled)]
#[in_flight(name = "s.chain.in_flight")]
fn chain() -> impl Stream<Item = u8> {
    items([1, 2])
}

#[track_caller]
fn outcomes(seen: &Captured, name: &str, expected: &[(&str, u64)]) {
    let calls = seen.counter(&format!("{name}.calls"));
    let duration = seen.histogram(&format!("{name}.duration"));
    let all: u64 = expected.iter().map(|(_, count)| count).sum();
    assert_eq!(
        (calls.value(), duration.count()),
        (all, all),
        "{name}: {seen:?}"
    );
    for (outcome, count) in expected {
        let calls = calls.clone().with("outcome", *outcome).value();
        let durations = duration.clone().with("outcome", *outcome).count();
        assert_eq!(
            (calls, durations),
            (*count, *count),
            "{name} {outcome}: {seen:?}"
        );
    }
    let in_flight = seen.up_down_counter(&format!("{name}.in_flight"));
    assert_eq!(in_flight.value(), 0, "{name}: {seen:?}");
}

#[test]
fn streams_of_every_form_are_measured_to_their_end() {
    let seen = capture(|| {
        assert_eq!(drain(plain(1)), 3);
        assert_eq!(drain(results(false)), 2);
        assert_eq!(drain(results(true)), 2);
        assert_eq!(drain(captures("a b c")), 3);
        assert_eq!(drain(generic("a")), 2);
        assert_eq!(drain(opaque_item()), 2);
        let mut failed = pin!(try_stream());
        let mut context = Context::from_waker(Waker::noop());
        while !matches!(
            failed.as_mut().try_poll_next(&mut context),
            Poll::Ready(None)
        ) {}
        assert_eq!(drain(pinned(false)) + drain(pinned(true)), 2);
        assert_eq!(
            drain(pinned_elsewhere(true)) + drain(pinned_elsewhere(false)),
            3
        );
        assert_eq!(drain(boxed()), 1);
        assert_eq!(drain(alias("a")), 1);
        assert_eq!(drain(Store(vec![4, 5]).rows()), 2);
    });
    outcomes(&seen, "s.plain", &[("ok", 1)]);
    assert_eq!(seen.counter("s.plain.calls").with("first", 1).value(), 1);
    outcomes(&seen, "s.results", &[("ok", 1), ("err", 2)]);
    outcomes(&seen, "s.captures", &[("ok", 1)]);
    outcomes(&seen, "s.generic", &[("ok", 1)]);
    outcomes(&seen, "s.opaque_item", &[("err", 1)]);
    outcomes(&seen, "s.try", &[("err", 1)]);
    outcomes(&seen, "s.pinned", &[("ok", 1), ("err", 1)]);
    outcomes(&seen, "s.pinned_elsewhere", &[("ok", 2)]);
    outcomes(&seen, "s.boxed", &[("ok", 1)]);
    outcomes(&seen, "s.alias", &[("ok", 1)]);
    outcomes(&seen, "s.store.rows", &[("ok", 1)]);
    assert_eq!(seen.counter("s.store.rows.calls").with("len", 2).value(), 1);
}

#[measured(name = "s.joined")]
fn joined(inner: Result<u8, ()>) -> impl Stream<Item = Result<Option<Result<u8, ()>>, String>> {
    items([Ok(None), Ok(Some(inner))])
}

#[measured(name = "s.polled")]
fn polled<T: Clone>(inner: Result<T, ()>) -> impl Stream<Item = Poll<Result<impl Clone, ()>>> {
    items([Poll::Pending, Poll::Ready(inner)])
}

#[measured(name = "s.boxed_poll")]
fn boxed_poll(inner: Result<u8, ()>) -> Pin<Box<dyn Stream<Item = Poll<Result<u8, ()>>>>> {
    Box::pin(items([Poll::Pending, Poll::Ready(inner)]))
}

#[measured(name = "s.boxed_early", dims(len = format!("{inner:?}").len()))]
fn boxed_early(inner: Result<u8, ()>) -> BoxStream<'static, Result<Option<Result<u8, ()>>, ()>> {
    if inner.is_err() {
        return Box::pin(items([Ok(Some(inner))]));
    }
    Box::pin(items([Ok(None), Ok(Some(inner))]))
}

type Deep<T> = BoxStream<'static, Option<Poll<Option<Result<T, ()>>>>>;

#[measured(name = "s.deep")]
fn deep<T: Send + 'static>(inner: Result<T, ()>) -> Deep<T> {
    let items = items([None, Some(Poll::Ready(Some(inner)))]);
    Box::pin(items)
}

#[counted(name = "s.unpinned", outcome, dims(ok = inner.is_ok()))]
fn unpinned(inner: Result<u8, ()>) -> Box<dyn Stream<Item = Option<Result<u8, ()>>> + Unpin> {
    Box::new(items([Some(inner)]))
}

#[test]
fn an_error_inside_an_item_of_a_boxed_stream_is_one() {
    let seen = capture(|| {
        for inner in [Ok(1), Err(())] {
            drain(boxed_poll(inner));
            drain(boxed_early(inner));
            drain(deep(inner));
            drain(unpinned(inner));
        }
    });
    for stream in ["boxed_poll", "boxed_early", "deep"] {
        outcomes(&seen, &format!("s.{stream}"), &[("ok", 1), ("err", 1)]);
    }
    for (outcome, ok) in [("ok", "true"), ("err", "false")] {
        let unpinned = seen.counter("s.unpinned").with("outcome", outcome);
        assert_eq!(unpinned.with("ok", ok).value(), 1);
    }
}

#[test]
fn an_error_inside_an_item_is_one() {
    let seen = capture(|| {
        drain(joined(Ok(1)));
        drain(joined(Err(())));
        drain(polled(Ok(1)));
        drain(polled::<u8>(Err(())));
    });
    outcomes(&seen, "s.joined", &[("ok", 1), ("err", 1)]);
    outcomes(&seen, "s.polled", &[("ok", 1), ("err", 1)]);
}

#[test]
fn a_stream_is_in_flight_from_its_first_poll_until_it_is_dropped() {
    let seen = capture(|| drop(plain(1)));
    assert!(seen.is_empty(), "{seen:?}");
    let seen = capture(|| {
        let mut stream = Box::pin(plain(1));
        let begun = capture(|| assert_eq!(next(stream.as_mut()), Some(1)));
        assert_eq!(begun.up_down_counter("s.plain.in_flight").value(), 1);
        assert_eq!(begun.counter("s.plain.calls").value(), 0, "{begun:?}");
        assert_eq!(stream.size_hint(), (2, Some(2)));
        drop(stream);
    });
    outcomes(&seen, "s.plain", &[("cancelled", 1)]);
}

#[measured(name = "s.early", cardinality_limit = 5)]
fn early<'a, T: Clone + Send + 'a>(item: &'a T, early: bool) -> BoxStream<'a, T> {
    if early {
        return Box::pin(items([]));
    }
    Box::pin(items([item.clone()]))
}

#[test]
fn a_generic_boxed_stream() {
    let seen = capture(|| drain(early(&"a", true)) + drain(early(&vec![1], false)));
    outcomes(&seen, "s.early", &[("ok", 2)]);
}

#[test]
fn a_consumer_that_leaves_because_of_an_error_has_not_cancelled() {
    let seen = capture(|| {
        let mut stream = pin!(results(true));
        while let Some(Ok(_)) = next(stream.as_mut()) {}
    });
    outcomes(&seen, "s.results", &[("err", 1)]);
    let seen = capture(|| {
        for boxed in [pinned(true), pinned(false)] {
            let mut boxed = boxed;
            next(boxed.as_mut());
        }
    });
    outcomes(&seen, "s.pinned", &[("err", 1), ("cancelled", 1)]);
}

#[measured(name = "s.panics")]
fn panics() -> impl Stream<Item = u8> {
    Items {
        panics: true,
        ..items([1])
    }
}

#[test]
fn a_stream_that_panics() {
    let seen = capture(|| {
        let drained = std::panic::catch_unwind(|| drain(panics()));
        drained.unwrap_err();
    });
    outcomes(&seen, "s.panics", &[("panic", 1)]);
}

#[test]
fn each_annotation_alone() {
    let seen = capture(|| {
        assert_eq!(drain(chain()), 2);
        let mut left = pin!(chain());
        next(left.as_mut());
    });
    assert_eq!(seen.counter("s.chain").value(), 2);
    let cancelled = seen.histogram("s.chain.duration");
    assert_eq!(cancelled.with("outcome", "cancelled").count(), 1);
    assert_eq!(seen.histogram("s.chain.duration").count(), 1);
    assert_eq!(seen.up_down_counter("s.chain.in_flight").value(), 0);
}

/// A future that is ready, or never.
async fn ends(well: bool) -> Result<u8, ()> {
    tokio::task::yield_now().await;
    if well { Ok(1) } else { pending().await }
}

#[measured(name = "f.captures")]
fn f_captures(well: &bool) -> impl Future<Output = Result<u8, ()>> + Captures<'_> {
    ends(*well)
}

#[measured(name = "f.captures_first")]
#[expect(clippy::elidable_lifetime_names)]
fn f_captures_first<'a>(
    well: &'a bool,
) -> impl Send + Captures<'a> + 'a + Future<Output = Result<u8, ()>> {
    ends(*well)
}

#[measured(name = "f.boxed_unpin")]
fn f_boxed_unpin(well: bool) -> Box<dyn Future<Output = Result<u8, ()>> + Unpin> {
    Box::new(Box::pin(ends(well)))
}

#[measured(name = "f.boxed_unpin_first")]
fn f_boxed_unpin_first(well: bool) -> Box<dyn Unpin + Send + Future<Output = Result<u8, ()>>> {
    if well {
        return Box::new(ready(Ok(1)));
    }
    Box::new(pending())
}

#[measured(name = "f.boxed")]
fn f_boxed(well: bool) -> Box<dyn Future<Output = Result<u8, ()>> + Send> {
    Box::new(ends(well))
}

type Unpinned<T> = Box<dyn Future<Output = T> + Send + Sync + Unpin>;

#[measured(name = "f.alias")]
fn f_alias(well: bool) -> Unpinned<Result<u8, ()>> {
    if well {
        Box::new(ready(Err(())))
    } else {
        Box::new(pending())
    }
}

#[measured(name = "f.pinned_unpin")]
fn f_pinned_unpin(well: bool) -> Pin<Box<dyn Future<Output = Result<u8, ()>> + Sync + Unpin>> {
    let mut calls = u8::from(!well);
    Box::pin(poll_fn(move |_| {
        calls += 1;
        if calls == 1 {
            Poll::Ready(Ok(calls))
        } else {
            Poll::Pending
        }
    }))
}

struct Fused(bool);

impl Future for Fused {
    type Output = Result<u8, ()>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        if std::mem::take(&mut self.0) {
            Poll::Ready(Ok(1))
        } else {
            Poll::Pending
        }
    }
}

impl FusedFuture for Fused {
    fn is_terminated(&self) -> bool {
        !self.0
    }
}

#[measured(name = "f.fused")]
fn f_fused(well: bool) -> impl FusedFuture<Output = Result<u8, ()>> {
    Fused(well)
}

/// Ends one call well, and drops another one before its end.
async fn both<F: Future<Output = Result<u8, ()>>>(call: impl Fn(bool) -> F) {
    let _ = call(true).await;
    let mut left = Box::pin(call(false));
    for _ in 0..2 {
        let mut context = Context::from_waker(Waker::noop());
        assert!(left.as_mut().poll(&mut context).is_pending());
    }
}

#[test]
fn futures_with_further_bounds_are_measured_to_their_end() {
    let (yes, no) = (true, false);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let seen = capture(|| {
        runtime.block_on(async {
            both(|well| f_captures(if well { &yes } else { &no })).await;
            both(|well| f_captures_first(if well { &yes } else { &no })).await;
            both(f_boxed_unpin).await;
            both(f_boxed_unpin_first).await;
            both(|well| Box::into_pin(f_boxed(well))).await;
            both(f_alias).await;
            both(f_pinned_unpin).await;
            both(f_fused).await;
        });
    });
    for name in [
        "f.captures",
        "f.captures_first",
        "f.boxed_unpin",
        "f.boxed_unpin_first",
        "f.boxed",
        "f.pinned_unpin",
        "f.fused",
    ] {
        outcomes(&seen, name, &[("ok", 1), ("cancelled", 1)]);
    }
    outcomes(&seen, "f.alias", &[("err", 1), ("cancelled", 1)]);
}
