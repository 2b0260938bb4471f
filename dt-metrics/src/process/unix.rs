//! Functions of the C library that run code of this crate at a fork.
#![allow(unsafe_code, reason = "functions of the C library")]

/// From now on, each fork calls `before`, then `parent` in this process and `child` in the new one,
/// all on the thread that forks. Returns whether that is so.
pub(crate) fn at_fork(
    before: extern "C" fn(),
    parent: extern "C" fn(),
    child: extern "C" fn(),
) -> bool {
    // SAFETY: the functions are valid as long as the program runs, and are safe to call.
    let result = unsafe { libc::pthread_atfork(Some(before), Some(parent), Some(child)) };
    result == 0
}
