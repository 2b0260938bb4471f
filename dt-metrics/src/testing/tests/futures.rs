//! Captures of futures.

use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::thread;

use super::instrument;
use crate::descriptor::{Descriptor, Kind};
use crate::private::Counter;
use crate::testing::{Capture, capture, capture_async};

/// A future that is pending once and counts each poll and its drop.
struct Polled(bool);

instrument!(POLLS: Counter, Counter, "polls", [], &[]);
instrument!(DROPS: Counter, Counter, "drops", [], &[]);

impl Future for Polled {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        POLLS.add(1);
        if core::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Polled {
    fn drop(&mut self) {
        DROPS.add(1);
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

#[test]
fn a_future_is_seen_while_it_is_polled_and_when_it_goes() {
    let seen = block_on(async {
        let other = async {
            for _ in 0..10 {
                POLLS.add(1_000);
                tokio::task::yield_now().await;
            }
        };
        let ((), seen) = tokio::join!(other, capture_async(Polled(false)));
        seen
    });
    assert_eq!(seen.counter("polls").value(), 2);
    assert_eq!(seen.counter("drops").value(), 1);

    // The future is dropped when it has finished, not together with the task that polls it.
    let mut running = None;
    let seen = capture(|| {
        let running = running.insert(Capture::current().run_async(Polled(false)));
        block_on(running);
    });
    assert_eq!(seen.counter("drops").value(), 1);
}

#[test]
fn a_future_that_is_dropped_midway_is_seen_by_the_captures_around() {
    let seen = block_on(capture_async(async {
        let running = Capture::current().run_async(Polled(false));
        thread::spawn(|| drop(running)).join().unwrap();
        let inner = capture_async(core::future::pending::<()>());
        let mut inner = Box::pin(inner);
        assert!(futures_poll_once(&mut inner).await);
        drop(inner);
        drop(capture_async(Polled(false)));
    }));
    assert_eq!(seen.counter("drops").value(), 2);
    assert_eq!(seen.counter("polls").value(), 0);
}

/// Whether the future is pending.
async fn futures_poll_once<F: Future + Unpin>(future: &mut F) -> bool {
    core::future::poll_fn(|context| Poll::Ready(Pin::new(&mut *future).poll(context).is_pending()))
        .await
}

#[test]
fn a_future_may_move_between_threads() {
    fn is_send<T: Send>(future: T) -> T {
        future
    }
    let mut capturing = Box::pin(is_send(capture_async(async {
        for _ in 0..8 {
            POLLS.add(1);
            tokio::task::yield_now().await;
        }
    })));
    let mut seen = None;
    while seen.is_none() {
        POLLS.add(1);
        thread::scope(|scope| {
            scope.spawn(|| {
                let waker = Waker::noop();
                let mut context = Context::from_waker(waker);
                if let Poll::Ready(captured) = capturing.as_mut().poll(&mut context) {
                    seen = Some(captured);
                }
                // Seen by nobody.
                POLLS.add(1);
            });
        });
    }
    assert_eq!(seen.unwrap().counter("polls").value(), 8);
}
