//! Functions that return `impl Future` or `impl Stream` with any further bounds: they return the
//! same value as the bare function, measured to its end if its bounds allow it.

use std::fmt::{Debug, Display};
use std::future::{Future, Ready, pending, ready};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use dt_metrics::testing::capture;
use futures_core::future::FusedFuture;
use futures_core::stream::{FusedStream, Stream};

/// Implemented for every type, as in crates that capture a lifetime.
trait Captures<'a> {}

impl<T: ?Sized> Captures<'_> for T {}

/// Implemented for every type, as in crates that capture the lifetimes of `T`.
trait CapturesIn<T: ?Sized> {}

impl<T: ?Sized, U: ?Sized> CapturesIn<U> for T {}

/// Implemented for futures and streams of one kind.
trait Named {
    fn name(&self) -> &'static str;
}

impl<T> Named for Ready<T> {
    fn name(&self) -> &'static str {
        "ready"
    }
}

impl Named for Own {
    fn name(&self) -> &'static str {
        "own"
    }
}

/// Implemented for every type, with a type of its own.
trait Associated {
    type Inner;
}

impl<T> Associated for T {
    type Inner = u8;
}

/// A future and a stream of one value.
#[derive(Clone, Debug, PartialEq)]
struct Own(Option<u8>);

impl Future for Own {
    type Output = u8;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u8> {
        self.0.take().map_or(Poll::Pending, Poll::Ready)
    }
}

impl FusedFuture for Own {
    fn is_terminated(&self) -> bool {
        self.0.is_none()
    }
}

impl Stream for Own {
    type Item = Result<u8, ()>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(|value| value.checked_sub(1).ok_or(())))
    }
}

impl FusedStream for Own {
    fn is_terminated(&self) -> bool {
        self.0.is_none()
    }
}

/// The functions, with one annotation.
macro_rules! functions {
    ($module:ident, $($annotation:tt)*) => {
        mod $module {
            use super::*;

            #[$($annotation)*(name = "future")]
            pub fn named() -> impl Future<Output = u8> + Named {
                ready(1)
            }

            #[$($annotation)*(name = "future")]
            pub fn named_first(early: bool) -> impl Named + Send + Future<Output = Option<u8>> {
                if early {
                    return ready(None);
                }
                ready(Some(1))
            }

            #[$($annotation)*(name = "future")]
            pub fn cloned() -> impl Future<Output = u8> + Clone + PartialEq {
                Own(Some(1))
            }

            #[$($annotation)*(name = "future")]
            pub fn of_borrowed<T: Clone>(value: &T) -> impl Future<Output = T> + Named + '_ {
                ready(value.clone())
            }

            #[$($annotation)*(name = "future")]
            pub fn without_output() -> impl Future + Named {
                ready(1)
            }

            #[$($annotation)*(name = "to_its_end")]
            pub fn captured(value: &u8) -> impl Future<Output = u8> + Captures<'_> {
                async move { *value }
            }

            #[$($annotation)*(name = "to_its_end")]
            pub fn captured_in<'a, T: Copy>(
                value: &'a T,
                _: &u8,
            ) -> impl Future<Output = T> + CapturesIn<(&'a (), &'static str)> {
                async move { *value }
            }

            #[$($annotation)*(name = "to_its_end")]
            pub fn higher() -> impl for<'b> Captures<'b> + Associated<Inner = u8> + Future<Output = u8> {
                async { 1 }
            }

            #[$($annotation)*(name = "to_its_end")]
            pub fn fused() -> impl FusedFuture<Output = u8> + Debug + Unpin {
                Own(Some(1))
            }

            #[$($annotation)*(name = "to_its_end")]
            pub fn displayed() -> impl Future<Output = impl Display + use<>> + Captures<'static> {
                async { 1_u8 }
            }

            #[$($annotation)*(name = "stream")]
            pub fn named_stream() -> impl Stream<Item = Result<u8, ()>> + Named {
                Own(Some(1))
            }

            #[$($annotation)*(name = "stream_to_its_end")]
            pub fn captured_stream(
                value: &u8,
            ) -> impl FusedStream<Item = Result<u8, ()>> + Captures<'_> + Unpin {
                Own(Some(*value))
            }

            #[$($annotation)*(name = "stream_to_its_end")]
            pub fn stream_of_any(value: u8) -> impl Stream<Item = Result<impl Display, impl Debug>> {
                Own(Some(value))
            }
        }
    };
}

functions!(counted, dt_metrics::counted);
functions!(timed, dt_metrics::timed);
functions!(in_flight, dt_metrics::in_flight);
functions!(measured, dt_metrics::measured);

fn poll<F: Future>(future: F) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    match future.as_mut().poll(&mut context) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn next<S: Stream>(stream: S) -> Option<S::Item> {
    let mut stream = std::pin::pin!(stream);
    let mut context = Context::from_waker(Waker::noop());
    match stream.as_mut().poll_next(&mut context) {
        Poll::Ready(item) => item,
        Poll::Pending => None,
    }
}

macro_rules! behave_as_bare_ones {
    ($($module:ident)*) => {$(
        let _ = capture(|| {
            use $module::*;
            assert_eq!(named().name(), "ready");
            assert_eq!(poll(named()), Some(1));
            assert_eq!(named_first(true).name(), "ready");
            assert_eq!(poll(named_first(false)), Some(Some(1)));
            assert!(cloned().clone() == cloned());
            assert_eq!(of_borrowed(&"a".to_owned()).name(), "ready");
            assert_eq!(without_output().name(), "ready");
            assert_eq!(poll(captured(&2)), Some(2));
            assert_eq!(poll(captured_in(&2, &1)), Some(2));
            assert_eq!(poll(higher()), Some(1));
            assert!(!fused().is_terminated());
            assert_eq!(poll(displayed()).unwrap().to_string(), "1");
            assert_eq!(named_stream().name(), "own");
            assert_eq!(next(named_stream()), Some(Ok(0)));
            assert!(!captured_stream(&1).is_terminated());
            assert!(next(stream_of_any(1)).is_some_and(|item| item.is_ok()));
        });
    )*};
}

#[test]
fn each_returns_the_value_of_the_bare_function() {
    behave_as_bare_ones!(counted timed in_flight measured);
}

#[test]
fn futures_that_would_lose_a_bound_end_at_the_return() {
    let seen = capture(|| {
        drop(measured::named());
        drop(measured::named_first(true));
        drop(measured::cloned());
        drop(measured::of_borrowed(&1));
        drop(measured::without_output());
    });
    let calls = seen.counter("future.calls");
    assert_eq!(calls.clone().with("outcome", "ok").value(), 5, "{seen:?}");
    let seen = capture(|| drop(measured::named_stream()));
    assert_eq!(
        seen.counter("stream.calls").with("outcome", "ok").value(),
        1
    );
}

#[test]
fn futures_that_keep_all_bounds_are_measured_to_their_end() {
    let never_polled = capture(|| {
        drop(measured::captured(&1));
        drop(measured::captured_in(&1, &1));
        drop(measured::higher());
        drop(measured::fused());
        drop(measured::displayed());
    });
    assert_eq!(
        never_polled.counter("to_its_end.calls").value(),
        0,
        "{never_polled:?}"
    );
    let seen = capture(|| {
        assert_eq!(poll(measured::captured(&1)), Some(1));
        assert_eq!(poll(measured::captured_in(&1, &1)), Some(1));
        assert_eq!(poll(measured::higher()), Some(1));
        assert_eq!(poll(measured::fused()), Some(1));
        assert!(poll(measured::displayed()).is_some());
        let _ = next(measured::captured_stream(&0));
        let _ = next(measured::stream_of_any(0));
    });
    let calls = seen.counter("to_its_end.calls");
    assert_eq!(calls.with("outcome", "ok").value(), 5, "{seen:?}");
    let streams = seen.counter("stream_to_its_end.calls");
    assert_eq!(streams.with("outcome", "err").value(), 2, "{seen:?}");
}

#[dt_metrics::measured(name = "panics", ret_dims(value = *ret))]
fn panics(early: bool) -> impl Future<Output = u8> + Named {
    assert!(!early, "expected");
    ready(1)
}

#[test]
fn a_call_that_is_over_when_it_returns_may_panic_and_has_no_value() {
    let seen = capture(|| {
        std::panic::catch_unwind(|| drop(panics(true))).unwrap_err();
        drop(panics(false));
        assert_eq!(poll(pending::<()>()), None);
    });
    let calls = seen.counter("panics.calls");
    let ok = calls.clone().with("outcome", "ok");
    assert_eq!(ok.with("value", None::<u8>).value(), 1, "{seen:?}");
    assert_eq!(calls.with("outcome", "panic").value(), 1, "{seen:?}");
}

/// Traits and types of a user's own, with names of the standard library.
mod own_names {
    use std::marker::PhantomData;

    pub trait Future {
        type Output;

        fn name(&self) -> &'static str;
    }

    impl Future for u8 {
        type Output = Self;

        fn name(&self) -> &'static str {
            "u8"
        }
    }

    impl<T> Future for std::future::Ready<T> {
        type Output = T;

        fn name(&self) -> &'static str {
            "ready"
        }
    }

    pub trait Stream {
        fn name(&self) -> &'static str;
    }

    impl Stream for super::Own {
        fn name(&self) -> &'static str {
            "own"
        }
    }

    pub enum Result<T> {
        Fine(T),
        Err,
    }

    pub enum Option<T> {
        Some(T),
    }

    pub enum Poll<T> {
        Ready(T),
    }

    pub struct Pin<T>(pub T);

    pub struct Box<T: ?Sized>(PhantomData<T>);

    impl<T: ?Sized> Box<T> {
        pub fn pin(_: u8) -> Pin<Self> {
            Pin(Self(PhantomData))
        }
    }

    macro_rules! functions {
        ($module:ident, $($annotation:tt)*) => {
            pub mod $module {
                use super::{Box, Future, Option, Pin, Poll, Result, Stream};

                #[$($annotation)*(name = "own")]
                pub fn future() -> impl Future {
                    std::future::ready(1_u8)
                }

                #[$($annotation)*(name = "own")]
                pub fn future_of(value: u8) -> impl Future<Output = u8> + Clone {
                    value
                }

                #[$($annotation)*(name = "own")]
                pub fn ready() -> impl Future<Output = u8> + Send {
                    std::future::ready(1_u8)
                }

                #[$($annotation)*(name = "own")]
                pub fn pinned() -> std::pin::Pin<std::boxed::Box<dyn Future<Output = u8>>> {
                    std::boxed::Box::pin(1_u8)
                }

                #[$($annotation)*(name = "own")]
                pub fn stream() -> impl Stream {
                    super::super::Own(None)
                }

                #[$($annotation)*(name = "own")]
                pub fn result() -> Poll<Option<Result<u8>>> {
                    Poll::Ready(Option::Some(Result::Err))
                }

                #[$($annotation)*(name = "own")]
                pub async fn asynchronous() -> Result<u8> {
                    Result::Fine(1)
                }

                #[$($annotation)*(name = "own")]
                pub fn boxed() -> Pin<Box<dyn std::future::Future<Output = u8>>> {
                    Box::pin(1)
                }
            }
        };
    }

    functions!(counted, dt_metrics::counted);
    functions!(outcomes, dt_metrics::measured);
    functions!(in_flight, dt_metrics::in_flight);

    macro_rules! behave_as_bare_ones {
        ($($module:ident)*) => {$({
            use $module::*;
            assert_eq!(future().name(), "ready");
            assert_eq!(future_of(1).clone().name(), "u8");
            assert_eq!(ready().name(), "ready");
            assert_eq!(pinned().name(), "u8");
            assert_eq!(stream().name(), "own");
            let Poll::Ready(Option::Some(Result::Err)) = result() else {
                panic!("another value");
            };
            assert!(matches!(super::poll(asynchronous()), Some(Result::Fine(1))));
            let Pin(_) = boxed();
        })*};
    }

    #[test]
    fn are_nothing_but_names() {
        behave_as_bare_ones!(counted in_flight);
        let seen = super::capture(|| behave_as_bare_ones!(outcomes));
        let calls = seen.counter("own.calls");
        assert_eq!(calls.with("outcome", "ok").value(), 8, "{seen:?}");
    }
}
