//! Nanoseconds and allocations of a call, on any number of threads.

use std::hint;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::alloc;

/// How long a candidate runs in each round, about; long enough that reading the clock is nothing.
const ROUND: Duration = Duration::from_millis(8);

/// Calls of each thread before its first round: so many that the thread's buffer of values has its final size,
/// although values are taken out meanwhile.
const WARM_UP: u32 = 100_000;

/// The most calls in a round, however cheap they are.
const MOST_CALLS: u32 = 1 << 26;

/// One thing whose calls are measured.
pub(crate) struct Candidate {
    pub(crate) name: &'static str,
    run: Box<dyn Fn(u32) + Send + Sync>,
    pace: Pace,
}

/// How the calls follow each other.
#[derive(Clone, Copy)]
enum Pace {
    Continuous { calls: u32 },
    Bursts { calls: u32, pause: Duration },
}

/// Bursts in one round.
const BURSTS: u32 = 3;

/// The cost of a call.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    /// The median of all rounds.
    pub(crate) nanoseconds: f64,
    /// The mean of all rounds.
    pub(crate) allocations: f64,
}

impl Cost {
    pub(crate) const UNKNOWN: Self = Self {
        nanoseconds: f64::NAN,
        allocations: f64::NAN,
    };
}

impl Candidate {
    /// Calls without pause. `run` makes the given number of calls, in a loop of its own, so that
    /// there is no other work between them.
    pub(crate) fn new(name: &'static str, run: impl Fn(u32) + Send + Sync + 'static) -> Self {
        let mut calls = 1_000;
        // The first calls, which may be slow, are over before the time counts.
        run(calls);
        let calls = loop {
            let start = Instant::now();
            run(calls);
            let time = start.elapsed();
            if time * 4 > ROUND || calls >= MOST_CALLS {
                let calls = f64::from(calls) * ROUND.as_secs_f64() / time.as_secs_f64();
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "calls of a few milliseconds"
                )]
                break (calls as u32).clamp(1, MOST_CALLS);
            }
            calls *= 4;
        };
        Self {
            name,
            run: Box::new(run),
            pace: Pace::Continuous { calls },
        }
    }

    /// Calls in bursts with a pause before each; only the calls are measured.
    pub(crate) fn in_bursts(
        name: &'static str,
        calls: u32,
        pause: Duration,
        run: impl Fn(u32) + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            run: Box::new(run),
            pace: Pace::Bursts { calls, pause },
        }
    }

    /// One round of one thread. All threads are at it at once.
    fn round(&self, source: TimeSource, crowd: &Crowd) -> Cost {
        // What other candidates displaced from the caches is not measured.
        (self.run)(1_000);
        let mut seconds = 0.0;
        let mut allocations = 0;
        let mut measure = |calls, company: &dyn Fn()| {
            crowd.together(company, || {
                let before = alloc::calls();
                seconds += source.time(|| (self.run)(calls));
                allocations += alloc::calls() - before;
            });
        };
        let calls = match self.pace {
            Pace::Continuous { calls } => {
                measure(calls, &|| (self.run)(100));
                calls
            }
            Pace::Bursts { calls, pause } => {
                for _ in 0..BURSTS {
                    thread::sleep(pause);
                    // Calls before or after would be part of the burst.
                    measure(calls, &hint::spin_loop);
                }
                calls * BURSTS
            }
        };
        Cost {
            nanoseconds: seconds * 1e9 / f64::from(calls),
            allocations: allocations as f64 / f64::from(calls),
        }
    }
}

/// Measures all candidates in turns, so that a slow moment of the machine is everybody's: the
/// cost of a call as each of `threads` sees it that call at once, by candidate.
pub(crate) fn costs(
    candidates: &[Candidate],
    threads: usize,
    rounds: usize,
    source: TimeSource,
) -> Vec<Cost> {
    let crowd = Crowd::new(threads);
    let all: Vec<Vec<Vec<Cost>>> = thread::scope(|scope| {
        let run = || {
            for candidate in candidates {
                (candidate.run)(WARM_UP);
            }
            let turn = || candidates.iter().map(|c| c.round(source, &crowd));
            (0..rounds).map(|_| turn().collect()).collect()
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        let joined = threads.into_iter().map(thread::ScopedJoinHandle::join);
        joined.filter_map(Result::ok).collect()
    });
    let cost = |candidate: usize| {
        let of_round = |round: usize| all.iter().map(move |thread| thread[round][candidate]);
        let nanoseconds =
            (0..rounds).map(|round| mean(of_round(round).map(|cost| cost.nanoseconds)));
        Cost {
            nanoseconds: median(&nanoseconds.collect::<Vec<_>>()),
            allocations: mean((0..rounds).flat_map(of_round).map(|cost| cost.allocations)),
        }
    };
    (0..candidates.len()).map(cost).collect()
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

/// The value in the middle.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Threads that do the same at the same time.
struct Crowd {
    threads: usize,
    barrier: Barrier,
    begun: AtomicUsize,
    done: AtomicUsize,
}

impl Crowd {
    fn new(threads: usize) -> Self {
        Self {
            threads,
            barrier: Barrier::new(threads),
            begun: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
        }
    }

    /// Runs `measured` while all other threads are calling. A thread that is early or finished
    /// makes a few calls at a time, so that the other threads never run alone.
    fn together(&self, few: &dyn Fn(), measured: impl FnOnce()) {
        if self.barrier.wait().is_leader() {
            self.begun.store(0, Ordering::SeqCst);
            self.done.store(0, Ordering::SeqCst);
        }
        self.barrier.wait();
        let keep_company = |reached: &AtomicUsize| {
            reached.fetch_add(1, Ordering::SeqCst);
            while reached.load(Ordering::Relaxed) < self.threads {
                few();
            }
        };
        keep_company(&self.begun);
        measured();
        keep_company(&self.done);
    }
}

/// The clock for the time of threads.
#[derive(Clone, Copy)]
pub(crate) enum TimeSource {
    /// Time as everybody's clock has it.
    Wall,
    /// Time that the thread has had a core for.
    ThreadCpu,
}

impl TimeSource {
    /// The clock that is fair to so many threads: without a core for each thread, or on a busy
    /// machine, threads wait for one another, and waiting is not part of the cost of a call.
    pub(crate) fn fair_to(threads: usize, busy: bool) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        if (threads > cores || busy) && cfg!(unix) {
            Self::ThreadCpu
        } else {
            Self::Wall
        }
    }

    /// The seconds that `run` takes.
    pub(crate) fn time(self, run: impl FnOnce()) -> f64 {
        match self {
            Self::Wall => {
                let start = Instant::now();
                run();
                start.elapsed().as_secs_f64()
            }
            Self::ThreadCpu => {
                let start = thread_cpu_seconds();
                run();
                thread_cpu_seconds() - start
            }
        }
    }
}

#[cfg(unix)]
fn thread_cpu_seconds() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

#[cfg(not(unix))]
fn thread_cpu_seconds() -> f64 {
    f64::NAN
}
