//! Boxed futures behind an alias whose parameter may not outlive the box.
#![deny(warnings)]

use std::future::ready;
use std::pin::Pin;
use std::task::{Context, Waker};

use dt_metrics::counted;
use dt_metrics::testing::capture;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

// `Item` has no bound `'static`, which the box requires: the call is measured, not the future.
#[counted(name = "boxed.unbounded")]
fn unbounded<Item>(future: Boxed<Item>) -> Boxed<Item> {
    future
}

#[counted(name = "boxed.bounded")]
fn bounded<Item: 'static>(future: Boxed<Vec<Item>>) -> Boxed<Vec<Item>> {
    future
}

#[counted(name = "boxed.where_clause")]
fn where_clause<T>(future: Boxed<Option<T>>) -> Boxed<Option<T>>
where
    T: 'static,
{
    future
}

fn main() {
    let mut context = Context::from_waker(Waker::noop());
    let seen = capture(|| {
        let number = 1;
        let _never_polled = unbounded(Box::pin(ready(number)));
    });
    assert_eq!(seen.counter("boxed.unbounded").value(), 1);
    let seen = capture(|| {
        let _never_polled = bounded(Box::pin(ready(vec![1])));
        let _ready = where_clause(Box::pin(ready(Some(1)))).as_mut().poll(&mut context);
    });
    assert_eq!(seen.counter("boxed.bounded").value(), 0);
    assert_eq!(seen.counter("boxed.where_clause").value(), 1);
}
