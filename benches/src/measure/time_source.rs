//! What the time of a measurement is read from.

use std::thread;
use std::time::Instant;

/// What the threads' time is read from.
#[derive(Clone, Copy)]
pub(crate) enum TimeSource {
    /// Time as everybody's clock has it.
    Wall,
    /// Time that the thread has had a core for.
    ThreadCpu,
}

impl TimeSource {
    /// The one that is fair to so many threads: where they have no core each, or the machine does
    /// other work, they wait for one another, and that is not what a call costs.
    pub(crate) fn fair_to(threads: usize, busy: bool) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        if (threads > cores || busy) && cfg!(unix) {
            Self::ThreadCpu
        } else {
            Self::Wall
        }
    }

    pub(super) fn time(self, run: impl FnOnce()) -> f64 {
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
