//! How much of a process is in memory.

use std::{fs, io};

/// The resident bytes of this process.
pub(crate) fn bytes() -> io::Result<u64> {
    // Exact; what `status` says may lag behind by some pages a thread.
    let rollup = fs::read_to_string("/proc/self/smaps_rollup")?;
    let kilobytes = rollup.lines().find_map(|line| {
        line.strip_prefix("Rss:")?
            .trim()
            .strip_suffix(" kB")?
            .parse::<u64>()
            .ok()
    });
    kilobytes
        .map(|kilobytes| kilobytes * 1024)
        .ok_or_else(|| io::Error::other("no resident size in /proc/self/smaps_rollup"))
}
