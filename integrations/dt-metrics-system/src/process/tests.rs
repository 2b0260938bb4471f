//! Both sources of values return the same values.

use super::values::CpuTime;
use super::*;

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn the_portable_source_returns_the_values_of_linux() {
    // At least a tenth of a second of processor time, and memory that the test does not return.
    let memory = vec![1_u8; 64 << 20];
    while platform::read().unwrap().cpu.user < Some(0.1) {
        assert_eq!(std::hint::black_box(&memory).iter().max(), Some(&1));
    }
    let near = |left: f64, right: f64, by: f64| {
        assert!((left - right).abs() <= by, "{left} and {right}");
    };
    let (linux, portable) = (platform::read().unwrap(), portable::read().unwrap());
    let CpuTime { user, system, .. } = linux.cpu;
    near(
        user.unwrap() + system.unwrap(),
        portable.cpu.total.unwrap(),
        0.5,
    );
    let mebibytes = |bytes: u64| u32::try_from(bytes >> 20).map(f64::from).unwrap();
    near(mebibytes(linux.memory), mebibytes(portable.memory), 32.0);
    near(
        mebibytes(linux.virtual_memory),
        mebibytes(portable.virtual_memory),
        256.0,
    );
    near(linux.uptime, portable.uptime, 2.0);
    let files = f64::from(u32::try_from(platform::open_files().unwrap()).unwrap());
    let portable = f64::from(u32::try_from(portable::open_files().unwrap()).unwrap());
    // The portable one keeps files open, and counts the directory that it reads.
    near(files, portable, 3.0);
    drop(memory);
}
