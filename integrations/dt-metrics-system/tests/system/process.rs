//! Values of the process agree with `/proc`.

use std::fs::{self, File};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::{Installed, installed, work};

/// A field of `/proc/self/status`, without its unit.
fn status(field: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The processor time in this mode, in seconds: the 14th and the 15th field of `/proc/self/stat`.
fn cpu_time(mode: &str) -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let (_, after_name) = stat.rsplit_once(") ").unwrap();
    let field = if mode == "user" { 11 } else { 12 };
    let ticks: f64 = after_name.split(' ').nth(field).unwrap().parse().unwrap();
    ticks / 100.0
}

/// Open file descriptors, without the one of the directory that is read.
fn file_descriptors() -> f64 {
    let count = fs::read_dir("/proc/self/fd").unwrap().count() - 1;
    f64::from(u32::try_from(count).unwrap())
}

/// Asserts that the delivered value lies between the kernel's values before and after, with a
/// margin for changes by the delivery itself.
#[track_caller]
fn is_that_of_the_kernel(
    installed: &Installed,
    metric: &str,
    dimensions: &[(&str, &str)],
    kernel: impl Fn() -> f64,
    margin: f64,
) {
    let before = kernel();
    let value = installed.value(metric, dimensions);
    let after = kernel();
    let range = before.min(after) - margin..=before.max(after) + margin;
    assert!(
        range.contains(&value),
        "{metric} {dimensions:?}: {value}, not in {range:?}"
    );
}

#[test]
fn processor_time_is_that_of_proc_by_mode() {
    let installed = installed();
    work(Duration::from_millis(200));
    for mode in ["user", "system"] {
        let dimensions = [("cpu.mode", mode)];
        let time = || cpu_time(mode);
        is_that_of_the_kernel(&installed, "process.cpu.time", &dimensions, time, 1e-6);
    }
    assert!(cpu_time("user") > 0.0);
    // From one push to the next, the share is that of the time between.
    let share = || {
        let [user, system] = ["user", "system"]
            .map(|mode| installed.value("process.cpu.utilization", &[("cpu.mode", mode)]));
        user + system
    };
    work(Duration::from_millis(300));
    let share = share();
    assert!(share > 0.0 && share <= 1.0, "{share}");
}

#[test]
fn memory_threads_and_files_agree_with_proc() {
    let installed = installed();
    let all_are_those_of_proc = || {
        let kibibytes = |field: &'static str| move || status(field) * 1024.0;
        let mebibyte = 1024.0 * 1024.0;
        for (metric, field) in [
            ("process.memory.usage", "VmRSS:"),
            ("process.memory.virtual", "VmSize:"),
        ] {
            is_that_of_the_kernel(&installed, metric, &[], kibibytes(field), 16.0 * mebibyte);
        }
        let threads = || status("Threads:");
        is_that_of_the_kernel(&installed, "process.thread.count", &[], threads, 5.0);
        let files = "process.unix.file_descriptor.count";
        is_that_of_the_kernel(&installed, files, &[], file_descriptors, 5.0);
    };
    all_are_those_of_proc();

    // More of everything than any margin.
    let memory = vec![1_u8; 128 << 20];
    let files: Vec<_> = (0..50).map(|_| File::open("/dev/null").unwrap()).collect();
    let (end, ended) = mpsc::channel::<()>();
    let waiting = std::sync::Mutex::new(ended);
    thread::scope(|scope| {
        for _ in 0..30 {
            scope.spawn(|| waiting.lock().unwrap().recv());
        }
        all_are_those_of_proc();
        assert!(installed.value("process.thread.count", &[]) > 30.0);
        drop(end);
    });
    assert!(installed.value("process.memory.usage", &[]) > 128e6);
    assert!(installed.value("process.unix.file_descriptor.count", &[]) > 50.0);
    drop((std::hint::black_box(memory), files));
    all_are_those_of_proc();
}

#[test]
fn uptime_grows_from_the_start_of_the_process() {
    let installed = installed();
    // The kernel has it in ticks since the machine was started.
    let uptime = || {
        let stat = fs::read_to_string("/proc/self/stat").unwrap();
        let (_, after_name) = stat.rsplit_once(") ").unwrap();
        let ticks: f64 = after_name.split(' ').nth(19).unwrap().parse().unwrap();
        let up = fs::read_to_string("/proc/uptime").unwrap();
        let up: f64 = up.split(' ').next().unwrap().parse().unwrap();
        up - ticks / 100.0
    };
    is_that_of_the_kernel(&installed, "process.uptime", &[], uptime, 0.1);
}
