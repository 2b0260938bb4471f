//! The entries of a directory, and the reasons why it cannot be opened: for all platforms.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use crate::dynatrace::error::SpoolError;

/// Why there is no spool.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// The directory has to be changed.
    #[error(transparent)]
    Unusable(#[from] SpoolError),
    /// Another attempt may succeed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// An entry of a directory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Entry {
    pub(crate) name: OsString,
    pub(crate) is_file: bool,
}

/// Names the file of an error.
pub(super) fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
