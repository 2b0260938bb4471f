//! Captures of the whole process.

use core::cell::Cell;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::captured::Captured;
use crate::instrument::{WatchAll, watch_all};

/// Whose turn it is to capture the process.
static TURN: Mutex<Turns> = Mutex::new(Turns {
    is_taken: false,
    waiting: Vec::new(),
});

/// It is the next one's turn.
static FREE: Condvar = Condvar::new();

thread_local! {
    /// Whether this thread runs the code of a capture of the whole process.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

struct Turns {
    is_taken: bool,
    waiting: Vec<Waker>,
}

/// Runs `f` and returns the measurements that the whole process made meanwhile, on all threads and in all
/// tasks, including threads and tasks that `f` spawned.
///
/// The capture contains the measurements from before the return of `f`, so wait in `f` for threads
/// and tasks whose measurements you assert. One capture of the process runs at a time: this function
/// blocks until an earlier capture has ended. The capture also contains the measurements of tests that run
/// at the same time without a capture of the process. Use other names of metrics or other values of
/// dimensions in such tests, or run these tests in a separate process.
///
/// ```
/// use dt_metrics::{count, testing::capture_all};
///
/// let seen = capture_all(|| {
///     let worker = std::thread::spawn(|| count!("jobs.done", 3));
///     worker.join()
/// });
/// assert_eq!(seen.counter("jobs.done").value(), 3);
/// ```
///
/// Values of histograms and gauges are in the order in which a thread recorded the values; values of several
/// threads are in any order. Series beyond the limit are merged into the overflow series, and an up-down
/// counter whose sum did not change is left out.
///
/// # Panics
///
/// Panics if `f` of another capture of the whole process calls this function, since the call would wait for
/// itself.
pub fn capture_all<T>(f: impl FnOnce() -> T) -> Captured {
    let capture = Taken::wait().begin();
    let inside = Inside::enter();
    drop(f());
    drop(inside);
    capture.finish()
}

/// Awaits `future` and returns the measurements that the whole process made meanwhile, like
/// [`capture_all`].
///
/// ```
/// use dt_metrics::{counted, testing::capture_all_async};
///
/// #[counted(name = "pages.built")]
/// async fn build_page() {}
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let seen = capture_all_async(async {
///     tokio::spawn(build_page()).await
/// })
/// .await;
/// assert_eq!(seen.counter("pages.built").value(), 1);
/// # });
/// ```
///
/// # Panics
///
/// Panics under the same condition as [`capture_all`].
pub fn capture_all_async<F: Future>(future: F) -> impl Future<Output = Captured> {
    Running {
        capture: None,
        future: Some(Box::pin(future)),
    }
}

/// The turn, which is given back when this is dropped.
struct Taken(());

/// A capture of the whole process that is under way.
struct Under {
    // Dropped first.
    watch: WatchAll,
    turn: Taken,
}

impl Taken {
    fn wait() -> Self {
        require_outside();
        let turn = FREE.wait_while(turns(), |turns| turns.is_taken);
        turn.unwrap_or_else(PoisonError::into_inner).is_taken = true;
        Self(())
    }

    fn poll(context: &Context<'_>) -> Option<Self> {
        require_outside();
        let mut turns = turns();
        if turns.is_taken {
            turns.waiting.push(context.waker().clone());
            return None;
        }
        turns.is_taken = true;
        Some(Self(()))
    }

    fn begin(self) -> Under {
        Under {
            watch: watch_all(),
            turn: self,
        }
    }
}

impl Under {
    fn finish(self) -> Captured {
        let Self { watch, turn } = self;
        let captured = Captured::new(watch.finish());
        drop(turn);
        captured
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut turns = turns();
        turns.is_taken = false;
        let waiting = core::mem::take(&mut turns.waiting);
        drop(turns);
        FREE.notify_all();
        waiting.into_iter().for_each(Waker::wake);
    }
}

fn turns() -> MutexGuard<'static, Turns> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[track_caller]
fn require_outside() {
    assert!(
        !INSIDE.get(),
        "a capture of the whole process cannot run inside of another one, since one runs at a time: \
         use `testing::capture` for one of them"
    );
}

/// Marks that this thread runs the code of a capture, until it is dropped.
struct Inside(());

impl Inside {
    fn enter() -> Self {
        INSIDE.set(true);
        Self(())
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.set(false);
    }
}

/// A future that is captured.
struct Running<F> {
    /// `None` before its turn.
    capture: Option<Under>,
    /// `None` once it has finished.
    future: Option<Pin<Box<F>>>,
}

impl<F: Future> Future for Running<F> {
    type Output = Captured;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Captured> {
        let Self { capture, future } = &mut *self;
        if capture.is_none() {
            let Some(turn) = Taken::poll(context) else {
                return Poll::Pending;
            };
            *capture = Some(turn.begin());
        }
        let Some(running) = future else {
            return Poll::Pending;
        };
        let inside = Inside::enter();
        let poll = running.as_mut().poll(context);
        if poll.is_ready() {
            *future = None;
        }
        drop(inside);
        match (poll, capture.take()) {
            (Poll::Ready(output), Some(under)) => {
                drop(output);
                Poll::Ready(under.finish())
            }
            (_, under) => {
                *capture = under;
                Poll::Pending
            }
        }
    }
}
