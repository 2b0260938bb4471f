//! Functions of the C library that run code of this crate at a fork and at an exit.
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

/// From now on, `exit` is called when the process exits: when `main` returns, and by
/// `std::process::exit`, on the thread that calls it. Returns whether that is so.
pub(crate) fn at_exit(exit: extern "C" fn()) -> bool {
    // SAFETY: the function is valid as long as the program runs, or until the C library has called it
    // because this code is unloaded, and it does not unwind.
    let result = unsafe { libc::atexit(exit) };
    result == 0
}
