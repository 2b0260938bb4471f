//! The cells and samples of a process in a file of its slot, so that measurements outlive the process.
//!
//! ```text
//! slot-000/cells     0600, mapped; 64 KiB, then doubled up to the limit
//!
//! group ─► tags      the use of the 63 blocks of 512 bytes that follow
//!          header    in the first group: process, number of the baseline
//!          labels    in the first group: the prefix, dimensions and resource of the process
//!          chunk     the cells of one thread for 64 slots
//!          baseline  the drained sums of 64 slots: two buffers, one of which is committed
//!          record    the series that counts in a slot from a sum on, and up to which sum
//!          samples   values that one thread recorded, with their slots: 32 blocks
//! ```
//!
//! Imports `handle`, `config::dimensions`, `instrument` and `descriptor`. Nothing here decides when a baseline is committed.
//!
//! **Counts.** The sum of a slot's cells over all chunks, minus the baseline, is in no request on disk. A collection takes its counts out of the cells, and keeps the sums as a snapshot in the
//! buffer that is not committed. Once all its requests are on disk or settled, one store makes the
//! snapshot the baseline. Requests carry the number of their snapshot: a number above the baseline
//! means that the counts of the request are in the cells as well, and are delivered from there. So
//! such a request is not sent before the file is void or the snapshot is committed. If all requests of the
//! collection are on disk, recovery takes the snapshot as the baseline, and keeps the requests.
//!
//! **Values.** A sample array is filled once, from front to back. Its baseline is how many of its samples were
//! taken, again in two buffers. The samples from there on are in no request on disk. An array that no thread
//! fills any more is free once a baseline without its samples is committed.
//!
//! **Any instant.** All stores get into the file in the order of the program, except for the
//! stores to cells and samples. A block is complete before its tag is stored, and its tag is cleared before the block is used
//! again.
//!
//! **Durability.** The file is memory of the operating system, which suffices for any death of the
//! process: nothing is written when the process dies. If the machine stops, pages may have got to
//! the disk in any order. So a file from before the last start of the machine is not read, and the
//! measurements since the last collection are lost. The disk must be a local one: its pages are
//! reserved before use, which protects against a full disk, but not against a broken one.

mod file;
mod header;
mod labels;
mod layout;
mod mapping;
mod recovery;
mod series;

pub(crate) use self::file::{CellFile, NAME};
pub(crate) use self::recovery::{Found, Recovered, Unreadable, has_counts, recover};
pub(crate) use self::series::{Measured, RecoveredSeries};

#[cfg(test)]
#[cfg(all(target_os = "linux", not(miri)))]
pub(crate) mod tests;
