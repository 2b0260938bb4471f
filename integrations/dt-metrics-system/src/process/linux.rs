//! Values of this process on Linux: from `/proc/self`.

use std::fs;

use procfs::process::Process;
use rustix::time::{ClockId, clock_gettime};

use super::values::{CpuTime, ReadError, Values};

/// The current values. Nothing is kept open in between, so a forked child reads its own.
pub(super) fn read() -> Result<Values, ReadError> {
    let stat = Process::myself()?.stat()?;
    let per_second = procfs::ticks_per_second().max(1);
    // A process would need 2^52 ticks for a rounded value.
    #[allow(clippy::cast_precision_loss)]
    let seconds = |ticks: u64| ticks as f64 / per_second as f64;
    Ok(Values {
        cpu: CpuTime {
            user: Some(seconds(stat.utime)),
            system: Some(seconds(stat.stime)),
            total: None,
        },
        memory: stat.rss.saturating_mul(procfs::page_size()),
        virtual_memory: stat.vsize,
        threads: u64::try_from(stat.num_threads).ok(),
        uptime: (since_boot() - seconds(stat.starttime)).max(0.0),
    })
}

/// Seconds since the machine was started, by the clock of the start times in `/proc`. In some
/// containers `/proc/uptime` has another value.
fn since_boot() -> f64 {
    let now = clock_gettime(ClockId::Boottime);
    #[allow(clippy::cast_precision_loss)]
    let (seconds, nanos) = (now.tv_sec as f64, now.tv_nsec as f64);
    seconds + nanos / 1e9
}

/// Open file descriptors, without one for counting them.
pub(super) fn open_files() -> Option<u64> {
    // Since Linux 6.2 the size of the directory is their count.
    if let Some(count) = fs::metadata("/proc/self/fd").ok().map(|it| it.len())
        && count > 0
    {
        return Some(count);
    }
    let count = fs::read_dir("/proc/self/fd").ok()?.count();
    Some(count.saturating_sub(1) as u64)
}
