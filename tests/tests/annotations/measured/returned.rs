//! Values that only the return type explains to the compiler: trait objects, `impl Trait` within a
//! type, closures. Annotated functions return the same values as bare functions.

use std::error::Error;
use std::fmt::{Debug, Display};
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use dt_metrics::testing::capture;
use futures_core::future::FusedFuture;
use futures_core::stream::Stream;

/// A stream and a future of numbers.
struct Numbers(u32);

impl Stream for Numbers {
    type Item = u32;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u32>> {
        self.0 = self.0.saturating_sub(1);
        Poll::Ready((self.0 > 0).then_some(self.0))
    }
}

impl Future for Numbers {
    type Output = u32;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u32> {
        Poll::Ready(self.0)
    }
}

impl FusedFuture for Numbers {
    fn is_terminated(&self) -> bool {
        false
    }
}

/// A trait of the user's own.
trait Own: Send {
    fn own(&self) -> u32;
}

impl Own for u32 {
    fn own(&self) -> u32 {
        *self
    }
}

type Numbered = Pin<Box<dyn Stream<Item = u32> + Send>>;
type Fallibly<T> = Result<T, Box<dyn Error + Send + Sync>>;
type Trimming = Box<dyn Fn(&str) -> &str>;

fn first<S: Stream + ?Sized>(mut stream: Pin<Box<S>>) -> Option<S::Item> {
    let mut context = Context::from_waker(Waker::noop());
    match stream.as_mut().poll_next(&mut context) {
        Poll::Ready(item) => item,
        Poll::Pending => None,
    }
}

fn value<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    match future.as_mut().poll(&mut context) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("not ready"),
    }
}

/// The functions, with these attributes.
macro_rules! functions {
    ($module:ident, $(#[$attribute:meta])*) => {
        mod $module {
            use super::*;

            $(#[$attribute])*
            pub fn stream(to: u32) -> Pin<Box<dyn Stream<Item = u32> + Send>> {
                Box::pin(Numbers(to))
            }

            $(#[$attribute])*
            pub fn stream_in_the_middle(to: u32) -> Numbered {
                if to > 1 {
                    return Box::pin(Numbers(to));
                }
                Box::pin(Numbers(0))
            }

            $(#[$attribute])*
            pub fn stream_or_not(to: &str) -> Fallibly<Numbered> {
                let to = to.parse()?;
                Ok(Box::pin(Numbers(to)))
            }

            $(#[$attribute])*
            pub async fn stream_later(to: u32) -> Fallibly<Numbered> {
                Ok(Box::pin(Numbers(to)))
            }

            $(#[$attribute])*
            pub fn fused() -> Pin<Box<dyn FusedFuture<Output = u32> + Send>> {
                Box::pin(Numbers(1))
            }

            $(#[$attribute])*
            pub fn iterator<'a>(of: &'a [u32]) -> Pin<Box<dyn Iterator<Item = &'a u32> + Send + 'a>> {
                Box::pin(of.iter())
            }

            $(#[$attribute])*
            pub fn own(number: u32) -> Option<Box<dyn Own>> {
                if number == 0 {
                    return None;
                }
                Some(Box::new(number))
            }

            $(#[$attribute])*
            pub fn shared(number: u32) -> Arc<dyn Own + Sync> {
                Arc::new(number)
            }

            $(#[$attribute])*
            pub fn trimming() -> Trimming {
                Box::new(|text| text.trim())
            }

            $(#[$attribute])*
            pub fn inside_future(number: u32) -> Pin<Box<dyn Future<Output = impl Display> + Send>> {
                Box::pin(async move { number })
            }

            $(#[$attribute])*
            pub fn inside_future_early(early: bool) -> Pin<Box<dyn Future<Output = impl Display>>> {
                if early {
                    return Box::pin(ready(1));
                }
                Box::pin(async { 2 })
            }

            $(#[$attribute])*
            pub fn inside_stream(to: u32) -> Pin<Box<dyn Stream<Item = impl Display> + Send>> {
                Box::pin(Numbers(to))
            }

            $(#[$attribute])*
            pub fn inside_iterator(to: &str) -> Fallibly<Box<dyn Iterator<Item = impl Debug>>> {
                let to: u8 = to.parse()?;
                Ok(Box::new(0..to))
            }

            $(#[$attribute])*
            pub async fn inside_iterator_later(to: u8) -> Box<dyn Iterator<Item = impl Display>> {
                Box::new(0..to)
            }

            $(#[$attribute])*
            pub fn closure() -> impl Fn(&str) -> &str {
                |text| text.trim()
            }

            $(#[$attribute])*
            pub fn closure_over<'a, T: PartialEq>(of: &'a [T]) -> impl Fn(&T) -> Option<&'a T> + 'a {
                |wanted| of.iter().find(|one| *one == wanted)
            }

            $(#[$attribute])*
            pub fn closure_of_mutable(by: usize) -> impl for<'v> FnMut(&'v mut Vec<usize>) -> &'v usize {
                let mut next = 0;
                move |numbers| {
                    next += by;
                    numbers.push(next);
                    &numbers[0]
                }
            }

            $(#[$attribute])*
            pub fn closure_of_boxes(early: bool) -> impl FnOnce(&str) -> Box<dyn Fn(&str) -> usize> {
                let by = usize::from(early);
                move |text| {
                    let length = text.len() + by;
                    Box::new(move |other| other.len() + length)
                }
            }

            $(#[$attribute])*
            pub fn closure_and_number() -> (impl Fn(&str) -> &str, u32) {
                (|text| text.trim(), 1)
            }

            $(#[$attribute])*
            pub fn closures<'a, T: PartialEq>(
                of: &'a [T],
                early: bool,
            ) -> (Option<&'a T>, (impl Fn(&T) -> Option<&'a T>, impl Fn(&[T]) -> &[T] + Copy)) {
                if early {
                    drop(ready(()));
                }
                (of.first(), (|wanted| of.iter().find(|one| *one == wanted), |all| &all[1..]))
            }

            $(#[$attribute])*
            #[track_caller]
            pub fn closure_of_caller() -> (u32, impl Fn(&str) -> usize) {
                (std::panic::Location::caller().line(), |text| text.len())
            }

            $(#[$attribute])*
            pub async fn closure_and_number_later() -> (impl Fn(&str) -> &str, u32) {
                (|text| text.trim(), 1)
            }

            $(#[$attribute])*
            pub async fn closure_later(early: bool) -> impl Fn(&str) -> &str {
                if early {
                    ready(()).await;
                }
                |text| text.trim()
            }

            $(#[$attribute])*
            pub async fn closure_over_later<'a, T: PartialEq>(
                of: &'a [T],
            ) -> impl Fn(&T) -> Result<&'a T, ()> + Clone {
                |wanted| of.iter().find(|one| *one == wanted).ok_or(())
            }
        }
    };
}

functions!(bare,);
functions!(counted, #[dt_metrics::counted]);
functions!(outcome, #[dt_metrics::counted(outcome)]);
functions!(timed, #[dt_metrics::timed]);
functions!(measured, #[dt_metrics::measured]);
functions!(in_flight, #[dt_metrics::in_flight]);
functions!(returned, #[dt_metrics::counted(ret_dims(size = size_of_val(ret)))]);
functions!(
    recorded,
    #[dt_metrics::recorded(name = "returned.size", value = size_of_val(ret))]
);

macro_rules! behave_alike {
    ($($module:ident)*) => {$(
        let seen = capture(|| {
            use $module::*;
            assert_eq!(first(stream(3)), Some(2));
            assert_eq!(first(stream_in_the_middle(2)), Some(1));
            assert_eq!(first(stream_in_the_middle(1)), None);
            assert_eq!(stream_or_not("3").ok().and_then(first), Some(2));
            assert!(stream_or_not("x").is_err());
            assert_eq!(value(stream_later(2)).ok().and_then(first), Some(1));
            assert_eq!(value(fused()), 1);
            assert_eq!(iterator(&[1, 2]).size_hint().0, 2);
            assert_eq!(own(3).map(|own| own.own()), Some(3));
            assert!(own(0).is_none());
            assert_eq!(shared(4).own(), 4);
            assert_eq!(trimming()(" a "), "a");
            assert_eq!(value(inside_future(5)).to_string(), "5");
            assert_eq!(value(inside_future_early(true)).to_string(), "1");
            assert_eq!(value(inside_future_early(false)).to_string(), "2");
            assert_eq!(first(inside_stream(3)).map(|item| item.to_string()), Some("2".to_owned()));
            assert_eq!(inside_iterator("2").map(Iterator::count).ok(), Some(2));
            assert!(inside_iterator("x").is_err());
            assert_eq!(value(inside_iterator_later(2)).count(), 2);
            assert_eq!(closure()(" b "), "b");
            assert_eq!(closure_over(&[1, 2])(&2), Some(&2));
            let mut numbers = Vec::new();
            assert_eq!(*closure_of_mutable(2)(&mut numbers), 2);
            assert_eq!(closure_of_boxes(true)("a")("b"), 3);
            assert_eq!(closure_and_number().0(" d "), "d");
            let (number, (find, rest)) = closures(&[1, 2], false);
            assert_eq!((number, find(&2), rest(&[1, 2])), (Some(&1), Some(&2), &[2][..]));
            assert_eq!(closure_of_caller().1("abc"), 3);
            assert_eq!(value(closure_and_number_later()).0(" e "), "e");
            assert_eq!(value(closure_later(true))(" c "), "c");
            assert_eq!(value(closure_over_later(&[1, 2]))(&2), Ok(&2));
        });
        drop(seen);
    )*};
}

#[test]
fn annotated_functions_return_the_same_values_as_bare_functions() {
    behave_alike!(bare counted outcome timed measured in_flight returned recorded);
}

#[test]
fn futures_of_a_hidden_type_are_measured_to_their_end() {
    let calls = |function: &str, run: &dyn Fn()| {
        let seen = capture(run);
        let name = format!("{}::measured::{function}.calls", module_path!());
        seen.counter(&name.replace("::", ".")).value()
    };
    assert_eq!(
        calls("inside_future", &|| drop(measured::inside_future(1))),
        0
    );
    assert_eq!(
        calls("inside_future", &|| drop(value(measured::inside_future(1)))),
        1
    );
    let early = || measured::inside_future_early(true);
    assert_eq!(calls("inside_future_early", &|| drop(early())), 0);
    assert_eq!(calls("inside_future_early", &|| drop(value(early()))), 1);
    let stream = || measured::inside_stream(1);
    assert_eq!(calls("inside_stream", &|| drop(stream())), 0);
    assert_eq!(calls("inside_stream", &|| drop(first(stream()))), 1);
}
