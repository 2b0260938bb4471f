//! Functions of the C library: its monotonic clock, and code of this crate that runs at a fork and at an
//! exit.
#![allow(unsafe_code, reason = "functions of the C library")]

#[cfg(target_vendor = "apple")]
const CLOCK: libc::clockid_t = libc::CLOCK_UPTIME_RAW;
#[cfg(not(target_vendor = "apple"))]
const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC;

/// Nanoseconds since some moment, by a clock that never goes back. `std::time::Instant` reads the same
/// clock, but turning its difference into a number takes twice as many instructions.
#[allow(
    clippy::cast_sign_loss,
    clippy::unnecessary_cast,
    reason = "the time is positive, and its types depend on the platform"
)]
pub(crate) fn monotonic_nanoseconds() -> u64 {
    // SAFETY: all bytes of the struct are numbers, of which each value is valid.
    let mut now: libc::timespec = unsafe { core::mem::zeroed() };
    // SAFETY: `now` is a place for the time. The clock exists on each Unix; if it did not, `now` would
    // stay as it is.
    unsafe { libc::clock_gettime(CLOCK, &raw mut now) };
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// From now on, each fork calls `before`, then `parent` in this process and `child` in the new one,
/// all on the thread that forks. Returns whether the functions were registered.
pub(crate) fn at_fork(
    before: extern "C" fn(),
    parent: extern "C" fn(),
    child: extern "C" fn(),
) -> bool {
    // SAFETY: the functions are valid as long as the program runs, and are safe to call.
    let result = unsafe { libc::pthread_atfork(Some(before), Some(parent), Some(child)) };
    result == 0
}

/// From now on, `exit` is called when the process exits: when `main` returns, and by
/// `std::process::exit`, on the thread that calls it. Returns whether the functions were
/// registered.
pub(crate) fn at_exit(exit: extern "C" fn()) -> bool {
    // SAFETY: the function is valid as long as the program runs, or until the C library has called it
    // because this code is unloaded, and it does not unwind.
    let result = unsafe { libc::atexit(exit) };
    result == 0
}
