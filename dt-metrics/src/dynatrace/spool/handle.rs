//! A directory of the spool, held open, so that nobody can put another one in its place.
//!
//! On Unix, every file is reached through the open directory and never through a path: a rename or
//! a symbolic link in the path cannot redirect a read, a write or a removal. Elsewhere the same type
//! works with paths.

mod entry;
#[cfg(not(unix))]
mod portable;
#[cfg(unix)]
mod trust;
#[cfg(unix)]
mod unix;

#[cfg(test)]
pub(crate) use self::entry::Entry;
pub(crate) use self::entry::OpenError;
#[cfg(not(unix))]
pub(crate) use self::portable::DirectoryHandle;
#[cfg(unix)]
pub(crate) use self::unix::DirectoryHandle;

#[cfg(test)]
mod tests;
