//! What a child process took.

use std::io;

/// What [`of`] is, for who reads the table.
pub(super) const MEANS: &str = if cfg!(unix) {
    "seconds of CPU time of all processes of a build"
} else {
    "seconds by the clock"
};

/// The seconds that the children of `run` took. Of CPU time where the system tells it: on a machine
/// that does other work, the clock says more of that work than of this.
#[cfg(unix)]
pub(super) fn of<T>(run: impl FnOnce() -> io::Result<T>) -> io::Result<(f64, T)> {
    let start = cpu_seconds()?;
    let value = run()?;
    Ok((cpu_seconds()? - start, value))
}

/// Of all children that have ended and were waited for, and of theirs.
#[cfg(unix)]
fn cpu_seconds() -> io::Result<f64> {
    use nix::sys::resource::{UsageWho, getrusage};

    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let times = [usage.user_time(), usage.system_time()];
    Ok(times
        .map(|t| t.tv_sec() as f64 + t.tv_usec() as f64 / 1e6)
        .iter()
        .sum())
}

#[cfg(not(unix))]
pub(super) fn of<T>(run: impl FnOnce() -> io::Result<T>) -> io::Result<(f64, T)> {
    let start = std::time::Instant::now();
    let value = run()?;
    Ok((start.elapsed().as_secs_f64(), value))
}
