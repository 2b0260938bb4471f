//! Functions that return a stream.

use core::marker::Unpin;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};

use dt_metrics::testing::capture;
use dt_metrics::{counted, in_flight, measured, timed};
use futures_core::stream::Stream;

/// A stream of one item.
#[derive(Debug)]
struct Once<T>(Option<T>);

impl<T: Unpin> Stream for Once<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
        Poll::Ready(self.0.take())
    }
}

#[counted(name = "lints.streams")]
#[timed(name = "lints.streams.duration")]
#[in_flight(name = "lints.streams.in_flight")]
#[rustfmt::skip]
fn one_line(item: u32) -> impl Stream<Item = u32> { Once(Some(item)) }

#[measured(name = "lints.streams", outcome = result, dims(text = text))]
fn borrowed<'a>(text: &'a str) -> impl Stream<Item = Result<&'a str, ()>> + Send + 'a {
    Once(Some(Ok(text)))
}

#[measured(name = "lints.streams")]
fn generic<T: Unpin + Clone>(item: &T) -> impl Stream<Item = T> + use<T> {
    let item = item.clone();
    Once(Some(item))
}

#[measured(name = "lints.streams")]
fn pinned(item: u8) -> Pin<Box<dyn Stream<Item = u8> + Send>> {
    Box::pin(Once(Some(item)))
}

#[measured(name = "lints.streams")]
fn boxed(item: u8) -> Box<dyn Stream<Item = Result<u8, ()>> + Send + Unpin> {
    Box::new(Once(Some(if item == 0 { Err(()) } else { Ok(item) })))
}

/// How many items a stream has.
fn drain(stream: impl Stream) -> usize {
    let mut stream = pin!(stream);
    let mut context = Context::from_waker(Waker::noop());
    let mut count = 0;
    while stream
        .as_mut()
        .poll_next(&mut context)
        .map(|item| item.is_some())
        == Poll::Ready(true)
    {
        count += 1;
    }
    count
}

#[test]
fn streams_are_clean() {
    let seen = capture(|| {
        assert_eq!(drain(one_line(1)), 1);
        assert_eq!(drain(borrowed("a")), 1);
        assert_eq!(drain(generic(&"a")), 1);
        assert_eq!(drain(pinned(1)), 1);
        assert_eq!(drain(boxed(0)), 1);
    });
    let calls = seen.counter("lints.streams.calls");
    assert_eq!(calls.clone().with("outcome", "ok").value(), 3);
    assert_eq!(calls.with("outcome", "err").value(), 1);
}
