//! A future with annotations is `Send` if it was, and as small as possible.
#![deny(warnings)]

use std::future::ready;
use std::mem::size_of_val;
use std::rc::Rc;
use std::sync::Arc;

use dt_metrics::private::{InFlight, Timer};
use dt_metrics::{counted, in_flight, timed};

// A dimension borrows its value: a parameter that the body does not need after its first `.await`
// still stays in the future. Here `text` is needed.

fn is_send(_: &(impl Send + Sync)) {}

async fn plain(text: Arc<str>, n: u64) -> u64 {
    ready(n).await + text.len() as u64
}

#[counted(dims(text = text))]
async fn is_counted(text: Arc<str>, n: u64) -> u64 {
    ready(n).await + text.len() as u64
}

#[timed(dims(text = text))]
async fn is_timed(text: Arc<str>, n: u64) -> u64 {
    ready(n).await + text.len() as u64
}

#[timed(unit = UNIT)]
async fn is_timed_in_milliseconds(text: Arc<str>, n: u64) -> u64 {
    ready(n).await + text.len() as u64
}

const UNIT: &str = "ms";

#[in_flight(dims(text = text))]
async fn is_in_flight(text: Arc<str>, n: u64) -> u64 {
    ready(n).await + text.len() as u64
}

#[in_flight]
#[timed]
#[counted]
async fn is_all(text: Arc<str>, n: u64) -> u64 {
    ready(n).await + text.len() as u64
}

// The source of a dimension's value is dropped before the body begins.
#[timed(dims(text = Rc::new(text.to_string()).as_str()))]
#[in_flight(dims(text = Rc::new(text.to_string()).as_str()))]
async fn local_dimensions(text: Arc<str>) {
    ready(()).await;
    drop(text);
}

#[timed]
#[in_flight]
async fn generic<T: Send + Sync>(value: T) -> T {
    ready(()).await;
    value
}

fn main() {
    let text: Arc<str> = "a".into();
    let bare = plain(text.clone(), 1);
    let size = size_of_val(&bare);
    macro_rules! grows {
        ($name:ident by $guards:expr) => {
            let future = $name(text.clone(), 1);
            is_send(&future);
            let grown = size_of_val(&future) - size;
            assert!(grown <= $guards, "{}: {grown}", stringify!($name));
        };
    }
    let (timer, in_flight) = (size_of::<Timer>(), size_of::<InFlight>());
    assert!(timer <= 32 && in_flight <= 8, "{timer}, {in_flight}");
    grows!(is_counted by 0);
    grows!(is_timed by timer);
    grows!(is_timed_in_milliseconds by timer);
    grows!(is_in_flight by in_flight.next_multiple_of(8));
    grows!(is_all by timer + in_flight.next_multiple_of(8));
    is_send(&local_dimensions(text.clone()));
    is_send(&generic(text));
    is_send(&bare);
}
