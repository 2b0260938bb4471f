//! `process.*`: values of this process, as the operating system keeps them.

use std::sync::OnceLock;
use std::time::Instant;

use dt_metrics::observed;

use crate::error::InstallError;
use crate::share::Share;
use values::Values;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(any(target_os = "linux", target_os = "android"))]
use linux as platform;

#[cfg(any(test, not(any(target_os = "linux", target_os = "android"))))]
mod portable;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
use portable as platform;

mod values;

#[cfg(test)]
mod tests;

/// The processors that the process may use. Empty before [`install`].
static PROCESSORS: OnceLock<usize> = OnceLock::new();

/// Turns the metrics on, if values can be read.
pub(crate) fn install() -> Result<(), InstallError> {
    let values = platform::read().map_err(|source| InstallError::Process { source })?;
    PROCESSORS.get_or_init(|| {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        // Utilisation is measured from now on.
        for (share, time) in [
            (&USER, values.cpu.user),
            (&SYSTEM, values.cpu.system),
            (&TOTAL, values.cpu.total),
        ] {
            time.and_then(|time| share.since_previous(Instant::now(), time, processors));
        }
        processors
    });
    Ok(())
}

/// The current values, once the metrics are on.
fn values() -> Option<Values> {
    PROCESSORS.get()?;
    platform::read().ok()
}

const CPU_TIME: &str = "Processor time that the process used";

#[observed(
    name = "process.cpu.time",
    kind = counter,
    unit = "s",
    description = CPU_TIME,
    dims(cpu.mode = "user")
)]
fn user_time() -> Option<f64> {
    values()?.cpu.user
}

#[observed(
    name = "process.cpu.time",
    kind = counter,
    unit = "s",
    description = CPU_TIME,
    dims(cpu.mode = "system")
)]
fn system_time() -> Option<f64> {
    values()?.cpu.system
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[observed(name = "process.cpu.time", kind = counter, unit = "s", description = CPU_TIME)]
fn total_time() -> Option<f64> {
    values()?.cpu.total
}

const CPU_UTILIZATION: &str =
    "Share of all processors' time that the process used since the previous push";

static USER: Share = Share::new();
static SYSTEM: Share = Share::new();
static TOTAL: Share = Share::new();

fn utilization(share: &Share, time: Option<f64>) -> Option<f64> {
    share.since_previous(Instant::now(), time?, *PROCESSORS.get()?)
}

#[observed(
    name = "process.cpu.utilization",
    unit = "1",
    description = CPU_UTILIZATION,
    dims(cpu.mode = "user")
)]
fn user_utilization() -> Option<f64> {
    utilization(&USER, user_time())
}

#[observed(
    name = "process.cpu.utilization",
    unit = "1",
    description = CPU_UTILIZATION,
    dims(cpu.mode = "system")
)]
fn system_utilization() -> Option<f64> {
    utilization(&SYSTEM, system_time())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[observed(name = "process.cpu.utilization", unit = "1", description = CPU_UTILIZATION)]
fn total_utilization() -> Option<f64> {
    utilization(&TOTAL, total_time())
}

/// Physical memory that the process uses.
#[observed(name = "process.memory.usage", kind = up_down_counter, unit = "By")]
fn memory() -> Option<u64> {
    Some(values()?.memory)
}

/// Virtual memory of the process.
#[observed(name = "process.memory.virtual", kind = up_down_counter, unit = "By")]
fn virtual_memory() -> Option<u64> {
    Some(values()?.virtual_memory)
}

/// Threads of the process.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[observed(name = "process.thread.count", kind = up_down_counter, unit = "{thread}")]
fn threads() -> Option<u64> {
    values()?.threads
}

/// Open files, sockets and other file descriptors of the process.
#[cfg(not(windows))]
#[observed(
    name = "process.unix.file_descriptor.count",
    kind = up_down_counter,
    unit = "{file_descriptor}"
)]
fn file_descriptors() -> Option<u64> {
    PROCESSORS.get()?;
    platform::open_files()
}

/// Open handles of the process.
#[cfg(windows)]
#[observed(name = "process.windows.handle.count", kind = up_down_counter, unit = "{handle}")]
fn handles() -> Option<u64> {
    PROCESSORS.get()?;
    platform::open_files()
}

/// Time since the process was started.
#[observed(name = "process.uptime", unit = "s")]
fn uptime() -> Option<f64> {
    Some(values()?.uptime)
}
