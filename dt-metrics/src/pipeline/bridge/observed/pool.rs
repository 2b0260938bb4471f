//! The pool of threads that poll observed functions and callbacks: a slow function holds up no other function,
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
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::descriptor::Descriptor;
use crate::instrument::{Sample, Source, SourceId};
use crate::process::Process;

/// The pool of this process: a function that never returns outlives a pipeline. A forked child has a
/// pool of its own, since it has none of the parent's workers.
pub(crate) fn pool() -> &'static Pool {
    static POOL: Mutex<Option<(Process, &'static Pool)>> = Mutex::new(None);
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    match *pool {
        Some((process, pool)) if !process.is_forked() => pool,
        _ => {
            let made: &Pool = Box::leak(Box::new(Pool::new()));
            *pool = Some((Process::current(), made));
            made
        }
    }
}

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
    /// The functions of the latest round, and functions that are late.
    functions: BTreeMap<SourceId, Function>,
    /// Functions of this round that wait for their turn.
    queue: VecDeque<Source>,
    /// Whether a worker waits for the next round.
    resting: bool,
    /// Whether a worker may wait for the next round.
    open: bool,
    panics: u64,
    /// Panics by metric, since they were last taken.
    unreported_panics: BTreeMap<&'static str, u64>,
}

struct Function {
    descriptor: &'static Descriptor,
    phase: Phase,
    /// Each warning is logged once.
    warned_late: bool,
    warned_panic: bool,
    /// `None` before it has returned, and after a panic.
    latest: Option<Arc<[Sample]>>,
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
        functions: &[Source],
        limit: Duration,
    ) -> Vec<&'static Descriptor> {
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

    /// The latest values of a function; `None` if it never returned, or had no value or panicked last
    /// time.
    pub(crate) fn latest(&self, function: SourceId) -> Option<Arc<[Sample]>> {
        self.board().functions.get(&function)?.latest.clone()
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

    /// Starts a worker; `false` if the operating system cannot start a thread.
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
            if let Some(source) = board.next() {
                drop(board);
                let result = call(&source);
                let panic = result.as_ref().err().cloned();
                board = self.board();
                let first_panic = board.returned(&source, result.is_err(), result.ok().flatten());
                self.changed.notify_all();
                if first_panic {
                    drop(board);
                    warn_panic(source.descriptor(), &panic.unwrap_or_default());
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
    /// Begins a round: queues all functions that are not late, and forgets callbacks that have ended.
    fn begin(&mut self, functions: &[Source]) {
        self.open = true;
        let mut ids: Vec<_> = functions.iter().map(Source::id).collect();
        ids.sort_unstable();
        self.functions
            .retain(|id, function| function.phase != Phase::Idle || ids.binary_search(id).is_ok());
        for source in functions {
            if self.function(source).phase != Phase::Late {
                self.queue.push_back(source.clone());
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
    fn next(&mut self) -> Option<Source> {
        let source = self.queue.pop_front()?;
        self.function(&source).phase = Phase::Running;
        Some(source)
    }

    /// Takes the values of a function, which has none if it `panicked`. Returns whether this is its first
    /// panic.
    fn returned(&mut self, source: &Source, panicked: bool, values: Option<Arc<[Sample]>>) -> bool {
        if panicked {
            self.panics += 1;
            let name = source.descriptor().name;
            *self.unreported_panics.entry(name).or_default() += 1;
        }
        let function = self.function(source);
        function.phase = Phase::Idle;
        function.latest = values;
        panicked && !std::mem::replace(&mut function.warned_panic, true)
    }

    /// Ends a round: functions that still run are late from now on. Returns the functions that
    /// are late for the first time.
    fn end(&mut self) -> Vec<&'static Descriptor> {
        self.queue.clear();
        let mut first_late = Vec::new();
        for function in self.functions.values_mut() {
            if function.phase == Phase::Running {
                function.phase = Phase::Late;
                if !std::mem::replace(&mut function.warned_late, true) {
                    first_late.push(function.descriptor);
                }
            }
        }
        first_late
    }

    fn function(&mut self, source: &Source) -> &mut Function {
        self.functions.entry(source.id()).or_insert(Function {
            descriptor: source.descriptor(),
            phase: Phase::Idle,
            warned_late: false,
            warned_panic: false,
            latest: None,
        })
    }
}

/// Runs the program's function; the error is the message of its panic.
fn call(source: &Source) -> Result<Option<Arc<[Sample]>>, String> {
    // If the panic leaves something half done, that is the program's, which is warned.
    let result = catch_unwind(AssertUnwindSafe(|| source.poll()));
    let result = result.map(|samples| samples.map(Arc::from));
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

fn warn_panic(descriptor: &Descriptor, message: &str) {
    let Descriptor {
        name, file, line, ..
    } = descriptor;
    tracing::warn!(
        target: "dt_metrics",
        "the observed function of `{name}` at {file}:{line} panicked: {message}; it has no value \
         while it does"
    );
}

/// Warns that a function is late.
pub(crate) fn warn_late(descriptor: &Descriptor) {
    let Descriptor {
        name, file, line, ..
    } = descriptor;
    tracing::warn!(
        target: "dt_metrics",
        "the observed function of `{name}` at {file}:{line} is slow: it had not returned when a \
         collection had waited for a second, and its last value was used; let it read a value that \
         something else keeps up to date"
    );
}

#[cfg(test)]
mod tests;
