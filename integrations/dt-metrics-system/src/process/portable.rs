//! Values of this process on all other platforms: by `sysinfo`.

use std::sync::{LazyLock, Mutex, PoisonError};

use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, get_current_pid};

use super::values::{CpuTime, ReadError, Values};

static SYSTEM: LazyLock<Mutex<System>> = LazyLock::new(|| Mutex::new(System::new()));

/// Reads this process, whose identifier is another one after a fork.
fn process<T>(value: impl FnOnce(&sysinfo::Process) -> T) -> Result<T, ReadError> {
    let pid = get_current_pid()?;
    let mut system = SYSTEM.lock().unwrap_or_else(PoisonError::into_inner);
    let kind = ProcessRefreshKind::nothing().with_cpu().with_memory();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, kind);
    let process = system.process(pid).ok_or("the platform does not list it")?;
    Ok(value(process))
}

/// The current values.
pub(super) fn read() -> Result<Values, ReadError> {
    // All are below 2^52.
    #[allow(clippy::cast_precision_loss)]
    process(|process| Values {
        cpu: CpuTime {
            total: Some(process.accumulated_cpu_time() as f64 / 1e3),
            ..CpuTime::default()
        },
        memory: process.memory(),
        virtual_memory: process.virtual_memory(),
        threads: None,
        uptime: process.run_time() as f64,
    })
}

/// Open files, sockets and handles.
pub(super) fn open_files() -> Option<u64> {
    let count = process(sysinfo::Process::open_files).ok()??;
    u64::try_from(count).ok()
}
