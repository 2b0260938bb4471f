//! The ledger of a program that dies: counters in a file that the program maps, which outlive it.
//!
//! Each counter has two entries for each thread. `before` grows before a call, `after` grows when the
//! call has returned. So the calls that were made for certain are the sum of `after`, and the calls that
//! may have been made are the sum of `before`.
#![expect(unsafe_code, reason = "memory that outlives the process")]

use std::fs::{self, File};
use std::ops::RangeInclusive;
use std::path::Path;
use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicU64, Ordering, compiler_fence};

use rustix::mm::{MapFlags, ProtFlags, mmap};

/// The threads that count. Each has entries of its own.
pub const THREADS: usize = 8;

/// The entry that is 1 once the program has installed its metrics.
const READY: usize = 0;

/// The entry that is in front of the counters' entries.
const FIRST: usize = 1;

pub struct Ledger {
    entries: &'static [AtomicU64],
    counters: usize,
}

/// The entries of one thread.
#[derive(Clone, Copy)]
pub struct Page {
    entries: &'static [AtomicU64],
}

/// An empty ledger.
pub fn create(path: &Path, counters: usize) {
    let file = File::create_new(path).unwrap();
    file.set_len((length(counters) * size_of::<u64>()) as u64)
        .unwrap();
}

fn length(counters: usize) -> usize {
    FIRST + THREADS * counters * 2
}

impl Ledger {
    /// Maps a ledger that [`create`] made.
    pub fn open(path: &Path, counters: usize) -> Self {
        let file = File::options().read(true).write(true).open(path).unwrap();
        let length = length(counters);
        let bytes = length * size_of::<u64>();
        assert_eq!(file.metadata().unwrap().len(), bytes as u64);
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: the system chooses the address, so the mapping replaces nothing.
        let start = unsafe { mmap(ptr::null_mut(), bytes, access, MapFlags::SHARED, &file, 0) };
        // SAFETY: the mapping has this length, begins at a page, is zeroed, is never unmapped, and is
        // accessed through atomics only. Nobody shortens the file.
        let entries = unsafe { slice::from_raw_parts(start.unwrap().cast(), length) };
        Self { entries, counters }
    }

    pub fn set_ready(&self) {
        self.entries[READY].store(1, Ordering::Release);
    }

    pub fn page(&self, thread: usize) -> Page {
        let start = FIRST + thread * self.counters * 2;
        Page {
            entries: &self.entries[start..start + self.counters * 2],
        }
    }
}

impl Page {
    /// Makes a call that adds `amount` to a counter.
    #[inline]
    pub fn around<T>(&self, counter: usize, amount: u64, call: impl FnOnce() -> T) -> T {
        self.around_all([(counter, amount)], call)
    }

    /// Makes a call that adds an amount to each of several counters.
    ///
    /// Only this thread writes here, and a killed process has made all stores up to some instruction of
    /// a thread. So the compiler's order of the stores is enough.
    #[inline]
    pub fn around_all<T, const N: usize>(
        &self,
        counters: [(usize, u64); N],
        call: impl FnOnce() -> T,
    ) -> T {
        for (counter, amount) in counters {
            add(&self.entries[counter * 2], amount);
        }
        compiler_fence(Ordering::SeqCst);
        let result = call();
        compiler_fence(Ordering::SeqCst);
        for (counter, amount) in counters {
            add(&self.entries[counter * 2 + 1], amount);
        }
        result
    }
}

fn add(entry: &AtomicU64, amount: u64) {
    let sum = entry.load(Ordering::Relaxed) + amount;
    entry.store(sum, Ordering::Release);
}

fn entries(path: &Path) -> Vec<u64> {
    let bytes = fs::read(path).unwrap();
    let entries = bytes.chunks_exact(size_of::<u64>());
    entries
        .map(|entry| u64::from_ne_bytes(entry.try_into().unwrap()))
        .collect()
}

/// Whether the program has installed its metrics.
pub fn is_ready(path: &Path) -> bool {
    entries(path)[READY] == 1
}

/// Makes the ledger ready for another process of the program. The counters stay.
pub fn set_not_ready(path: &Path) {
    use std::os::unix::fs::FileExt;
    let file = File::options().write(true).open(path).unwrap();
    file.write_all_at(&0_u64.to_ne_bytes(), (READY * size_of::<u64>()) as u64)
        .unwrap();
}

/// For each counter, the possible sums of its calls.
pub fn bounds(path: &Path, counters: usize) -> Vec<RangeInclusive<u64>> {
    let entries = entries(path);
    let pages: Vec<_> = entries[FIRST..].chunks_exact(counters * 2).collect();
    assert_eq!(pages.len(), THREADS);
    let sum = |entry: usize| pages.iter().map(|page| page[entry]).sum();
    (0..counters)
        .map(|counter| sum(counter * 2 + 1)..=sum(counter * 2))
        .collect()
}
