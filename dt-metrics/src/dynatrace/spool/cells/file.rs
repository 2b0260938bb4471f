//! The file of cells, as the process that counts in it sees it.

use std::io;
use std::time::SystemTime;

use crate::descriptor::Descriptor;
use crate::dynatrace::spool::handle::DirectoryHandle;
use crate::instrument::{Chunk, Memory, OwnedValue};

/// The cells of this process in a file. The memory stays mapped while the process lives.
#[derive(Debug)]
pub(crate) struct CellFile {}

/// Why further cells are in memory only.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Full {
    /// The file has reached its limit.
    #[error("the file has reached its limit of {0} bytes")]
    Limit(u64),
    /// The file could not grow.
    #[error(transparent)]
    Io(io::Error),
}

impl CellFile {
    /// Creates the file in the directory of a slot, in place of an earlier one. It grows up to
    /// `limit_bytes`.
    pub(crate) fn create(_directory: &DirectoryHandle, _limit_bytes: u64) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// A random number that names this file in the headers of requests. Never 0.
    pub(crate) fn token(&self) -> u64 {
        1
    }

    /// The size of the file.
    pub(crate) fn bytes(&self) -> u64 {
        0
    }

    /// Whether, and why, further cells are in memory only.
    pub(crate) fn full(&self) -> Option<Full> {
        None
    }

    /// The number of the last snapshot. A new file has snapshot 1, in which nothing is drained.
    pub(crate) fn pending(&self) -> u64 {
        1
    }

    /// Makes the snapshot with this number the baseline: the requests of all collections up to
    /// the snapshot are on disk or settled. `collected` is the time of its collection. Returns `false`, and
    /// changes nothing, if there is a later snapshot by now.
    pub(crate) fn commit(&self, _number: u64, _collected: SystemTime) -> bool {
        false
    }

    /// The number of the baseline; 0 if the file is void. A new file has baseline 1.
    pub(crate) fn committed(&self) -> u64 {
        0
    }

    /// Makes the file void until the next commit: nothing is recovered from it. To be called before a
    /// request is sent whose number is above the baseline.
    pub(crate) fn void(&self) {}

    /// Removes the file, if it is still in the directory.
    pub(crate) fn remove(&self, _directory: &DirectoryHandle) -> io::Result<()> {
        Ok(())
    }
}

impl Memory for CellFile {
    fn chunk(&self, _number: usize) -> Option<&'static Chunk> {
        None
    }

    fn assign(
        &self,
        _slot: u32,
        _origin: u64,
        _descriptor: &Descriptor,
        _dimensions: &[(&'static str, OwnedValue)],
    ) {
    }

    fn snapshot(&self, _first: u32, _drained: &[u64]) {}

    fn detach(&self) {}
}
