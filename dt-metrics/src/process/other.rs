//! Platforms on which processes do not fork, and where an exit stops all other threads first.

pub(crate) fn at_fork(_: extern "C" fn(), _: extern "C" fn(), _: extern "C" fn()) -> bool {
    false
}

pub(crate) fn at_exit(_: extern "C" fn()) -> bool {
    false
}
