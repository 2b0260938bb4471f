//! Platforms on which processes do not fork, and where an exit stops all other threads first.

use std::sync::OnceLock;
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
use std::time::Instant;

// The standard library has no clock there, and panics.
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use web_time::Instant;

/// Nanoseconds since the first call, by a clock that never goes back.
pub(crate) fn monotonic_nanoseconds() -> u64 {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    let origin = *ORIGIN.get_or_init(Instant::now);
    let elapsed = Instant::now().saturating_duration_since(origin);
    elapsed.as_secs() * 1_000_000_000 + u64::from(elapsed.subsec_nanos())
}

pub(crate) fn at_fork(_: extern "C" fn(), _: extern "C" fn(), _: extern "C" fn()) -> bool {
    false
}

pub(crate) fn at_exit(_: extern "C" fn()) -> bool {
    false
}
