//! The pool of threads that poll observed functions: a slow function holds up no other function,
//! and a collection only once, for a second at most.
//!
//! One worker polls the functions of a round in turn. As long as functions wait for their turn,
//! more workers join it, twice as many each time, so that a second is enough for any number of slow
//! functions. A function that has not returned by the end of its round is late: it keeps its worker
//! and its latest value, and no later round polls it or waits for it until it has returned. So
//! there are never more threads than functions that are slow at the same time, and one.

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::descriptor::Descriptor;
use crate::instrument::{Observation, Observed};

/// The pool of this process: a function that never returns outlives a pipeline.
pub(crate) static POOL: Pool = Pool::new();

/// How long functions wait for their turn before more workers join.
const PATIENCE: Duration = Duration::from_millis(50);

/// Polls functions, and keeps their latest values.
pub(crate) struct Pool {
    /// Held during a round, so that the rounds of several readers come one after the other.
    round: Mutex<()>,
    board: Mutex<Board>,
    /// A function was queued or has returned, or the pool was closed.
    changed: Condvar,
}

/// All that rounds and workers share.
struct Board {
    /// By the address of the function's registration.
    functions: BTreeMap<usize, Function>,
    /// Functions of this round that wait for their turn.
    queue: VecDeque<&'static Observed>,
    /// Whether a worker waits for the next round.
    resting: bool,
    /// Whether a worker may wait for the next round.
    open: bool,
    panics: u64,
    /// Panics by metric, since they were last taken.
    unreported_panics: BTreeMap<&'static str, u64>,
}

struct Function {
    observed: &'static Observed,
    phase: Phase,
    /// Each warning is logged once.
    warned_late: bool,
    warned_panic: bool,
    /// `None` before it has returned, and after a panic.
    latest: Option<Observation>,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Phase {
    Idle,
    /// A worker polls it in the current round.
    Running,
    /// A worker has polled it since an earlier round.
    Late,
}

impl Pool {
    pub(super) const fn new() -> Self {
        Self {
            round: Mutex::new(()),
            board: Mutex::new(Board {
                functions: BTreeMap::new(),
                queue: VecDeque::new(),
                resting: false,
                open: false,
                panics: 0,
                unreported_panics: BTreeMap::new(),
            }),
            changed: Condvar::new(),
        }
    }

    /// Polls each of `functions` once, and waits until all have returned, but not longer than
    /// `limit`. Returns the functions that are late for the first time.
    pub(crate) fn poll(
        &'static self,
        functions: &[&'static Observed],
        limit: Duration,
    ) -> Vec<&'static Observed> {
        if functions.is_empty() {
            return Vec::new();
        }
        let _round = self.round.lock().unwrap_or_else(PoisonError::into_inner);
        let start = Instant::now();
        let mut join_at = Duration::ZERO;
        let mut board = self.board();
        board.begin(functions);
        self.changed.notify_all();
        while !board.is_done() && start.elapsed() < limit {
            if start.elapsed() >= join_at {
                join_at += PATIENCE;
                let workers = usize::from(board.resting) + board.running();
                // One at first; then as many as are busy, which doubles them.
                let more = board.queue.len().min(board.running().max(1));
                let more = more.saturating_sub(usize::from(board.resting));
                let joined = (0..more).filter(|_| self.spawn_worker()).count();
                if workers + joined == 0 {
                    // There is no thread to be had, so there is nothing to wait for.
                    break;
                }
            }
            let wait = join_at.min(limit).saturating_sub(start.elapsed());
            board = self
                .changed
                .wait_timeout(board, wait)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        board.end()
    }

    /// The latest value of the function; `None` if it never returned, or had no value or panicked last
    /// time.
    pub(crate) fn latest(&self, observed: &'static Observed) -> Option<Observation> {
        self.board().function(observed).latest.clone()
    }

    /// How often a function has panicked.
    pub(crate) fn panics(&self) -> u64 {
        self.board().panics
    }

    /// How often a function has panicked since the last call, by metric.
    pub(crate) fn take_panics(&self) -> BTreeMap<&'static str, u64> {
        std::mem::take(&mut self.board().unreported_panics)
    }

    /// Polls no more, and lets the workers go.
    pub(crate) fn close(&self) {
        let mut board = self.board();
        board.open = false;
        board.queue.clear();
        self.changed.notify_all();
    }

    /// Starts a worker; `false` if the operating system gives no thread.
    fn spawn_worker(&'static self) -> bool {
        thread::Builder::new()
            .name("dt-metrics-observed".to_owned())
            .spawn(|| self.work())
            .is_ok()
    }

    /// Polls functions while some wait for their turn. One worker then stays for the next round.
    fn work(&self) {
        let mut board = self.board();
        loop {
            if let Some(observed) = board.next() {
                drop(board);
                let result = call(observed);
                let panic = result.as_ref().err().cloned();
                board = self.board();
                let first_panic = board.returned(observed, result.is_err(), result.ok().flatten());
                self.changed.notify_all();
                if first_panic {
                    drop(board);
                    warn_panic(observed, &panic.unwrap_or_default());
                    board = self.board();
                }
            } else if board.open && !board.resting {
                board.resting = true;
                board = self
                    .changed
                    .wait_while(board, |board| board.open && board.queue.is_empty())
                    .unwrap_or_else(PoisonError::into_inner);
                board.resting = false;
            } else {
                return;
            }
        }
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Board {
    /// Begins a round: queues all functions that are not late.
    fn begin(&mut self, functions: &[&'static Observed]) {
        self.open = true;
        for &observed in functions {
            if self.function(observed).phase != Phase::Late {
                self.queue.push_back(observed);
            }
        }
    }

    /// Whether no function of this round is left to wait for.
    fn is_done(&self) -> bool {
        !self.open || (self.queue.is_empty() && self.running() == 0)
    }

    /// How many functions are being polled in this round.
    fn running(&self) -> usize {
        let functions = self.functions.values();
        functions.filter(|f| f.phase == Phase::Running).count()
    }

    /// The next function, which the caller polls now.
    fn next(&mut self) -> Option<&'static Observed> {
        let observed = self.queue.pop_front()?;
        self.function(observed).phase = Phase::Running;
        Some(observed)
    }

    /// Takes the value of a function, which has none if it `panicked`. Returns whether this is its first
    /// panic.
    fn returned(
        &mut self,
        observed: &'static Observed,
        panicked: bool,
        value: Option<Observation>,
    ) -> bool {
        if panicked {
            self.panics += 1;
            let name = observed.descriptor().name;
            *self.unreported_panics.entry(name).or_default() += 1;
        }
        let function = self.function(observed);
        function.phase = Phase::Idle;
        function.latest = value;
        panicked && !std::mem::replace(&mut function.warned_panic, true)
    }

    /// Ends a round: functions that still run are late from now on. Returns the functions that
    /// are late for the first time.
    fn end(&mut self) -> Vec<&'static Observed> {
        self.queue.clear();
        let mut first_late = Vec::new();
        for function in self.functions.values_mut() {
            if function.phase == Phase::Running {
                function.phase = Phase::Late;
                if !std::mem::replace(&mut function.warned_late, true) {
                    first_late.push(function.observed);
                }
            }
        }
        first_late
    }

    fn function(&mut self, observed: &'static Observed) -> &mut Function {
        let address = core::ptr::from_ref(observed).addr();
        self.functions.entry(address).or_insert(Function {
            observed,
            phase: Phase::Idle,
            warned_late: false,
            warned_panic: false,
            latest: None,
        })
    }
}

/// Runs the program's function; the error is the message of its panic.
fn call(observed: &'static Observed) -> Result<Option<Observation>, String> {
    // If the panic leaves something half done, that is the program's, which is warned.
    let result = catch_unwind(AssertUnwindSafe(|| observed.poll()));
    result.map_err(|payload| {
        let message = message(&*payload);
        // It may panic when it is dropped.
        if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            std::mem::forget(another);
        }
        message
    })
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}

fn warn_panic(observed: &'static Observed, message: &str) {
    let Descriptor {
        name, file, line, ..
    } = observed.descriptor();
    tracing::warn!(
        target: "dt_metrics",
        "the observed function of `{name}` at {file}:{line} panicked: {message}; it has no value \
         while it does"
    );
}

/// Warns that a function is late.
pub(crate) fn warn_late(observed: &'static Observed) {
    let Descriptor {
        name, file, line, ..
    } = observed.descriptor();
    tracing::warn!(
        target: "dt_metrics",
        "the observed function of `{name}` at {file}:{line} is slow: it had not returned when a \
         collection had waited for a second, and its last value was used; let it read a value that \
         something else keeps up to date"
    );
}

#[cfg(test)]
mod tests;
