//! The values of this process that a platform returns.

use std::error::Error;

/// Values of this process at one time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values {
    pub(super) cpu: CpuTime,
    /// In bytes.
    pub(super) memory: u64,
    /// In bytes.
    pub(super) virtual_memory: u64,
    /// On Linux only.
    #[cfg_attr(
        not(any(target_os = "linux", target_os = "android")),
        allow(dead_code, reason = "the platform does not return it")
    )]
    pub(super) threads: Option<u64>,
    /// In seconds.
    pub(super) uptime: f64,
}

/// Processor time that the process used, in seconds: by mode, or the total where the platform does
/// not return modes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CpuTime {
    pub(super) user: Option<f64>,
    pub(super) system: Option<f64>,
    #[cfg_attr(
        any(target_os = "linux", target_os = "android"),
        allow(dead_code, reason = "there are modes")
    )]
    pub(super) total: Option<f64>,
}

pub(super) type ReadError = Box<dyn Error + Send + Sync>;
