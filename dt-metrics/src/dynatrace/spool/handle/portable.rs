//! A directory by its path, where there are no descriptors of directories. Its permissions are its
//! parent's.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::dynatrace::error::SpoolError;
use crate::dynatrace::spool::handle::entry::{Entry, OpenError, at};

/// A directory.
#[derive(Debug)]
pub(crate) struct DirectoryHandle {
    path: PathBuf,
}

impl DirectoryHandle {
    /// Opens a directory, and creates it, with its parents, if there is none.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        if path.exists() && !path.is_dir() {
            return Err(SpoolError::NotADirectory.into());
        }
        fs::create_dir_all(path).map_err(|error| at(path, &error))?;
        let path = path.to_owned();
        Ok(Self { path })
    }

    /// Opens a directory in this one; `None` if there is none, or if it is a link.
    #[expect(clippy::unnecessary_wraps)]
    pub(crate) fn subdirectory(&self, name: &str) -> io::Result<Option<Self>> {
        let path = self.path.join(name);
        // The metadata of a link, not of its target.
        let is_there = path.symlink_metadata().is_ok_and(|there| there.is_dir());
        Ok(is_there.then_some(Self { path }))
    }

    /// The permissions of a directory are its parent's.
    #[expect(clippy::unnecessary_wraps, clippy::unused_self)]
    pub(crate) fn shared_mode(&self) -> io::Result<Option<u32>> {
        Ok(None)
    }

    /// Creates a directory, unless the name is taken.
    pub(crate) fn create_subdirectory(&self, name: &str) -> io::Result<()> {
        let path = self.path.join(name);
        match fs::create_dir(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(at(&path, &error)),
            _ => Ok(()),
        }
    }

    #[cfg(test)]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the directory is still there.
    pub(crate) fn is_in_place(&self) -> bool {
        self.path.is_dir()
    }

    /// Directories have no locks here: the locked file excludes other processes.
    #[expect(clippy::unnecessary_wraps, clippy::unused_self)]
    pub(crate) fn lock(&self) -> io::Result<bool> {
        Ok(true)
    }

    /// Opens a file without sharing it, which excludes other processes as a lock does, and keeps
    /// the file and its directory from being removed; `None` if another process has it.
    #[cfg(windows)]
    pub(crate) fn lock_file(&self, name: &str) -> io::Result<Option<File>> {
        use std::os::windows::fs::OpenOptionsExt;
        const SHARING_VIOLATION: i32 = 32;
        let mut options = OpenOptions::new();
        options
            .write(true)
            .create(true)
            .truncate(false)
            .share_mode(0);
        match options.open(self.path.join(name)) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.raw_os_error() == Some(SHARING_VIOLATION) => Ok(None),
            Err(error) => Err(error),
        }
    }

    #[cfg(not(windows))]
    pub(crate) fn lock_file(&self, _name: &str) -> io::Result<Option<File>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Whether the name still leads to this file: an open file cannot be removed here.
    pub(crate) fn has_in_place(&self, name: &str, _file: &File) -> bool {
        self.path.join(name).exists()
    }

    /// All entries.
    pub(crate) fn entries(&self) -> io::Result<Vec<Entry>> {
        let entries = fs::read_dir(&self.path)?.map(|entry| {
            let entry = entry?;
            Ok(Entry {
                name: entry.file_name(),
                is_file: entry.file_type()?.is_file(),
            })
        });
        entries.collect()
    }

    /// Opens a file to read it.
    pub(crate) fn open_file(&self, name: impl AsRef<OsStr>) -> io::Result<File> {
        File::open(self.path.join(name.as_ref()))
    }

    /// The permissions of a file are its directory's.
    pub(crate) fn is_private(_: &fs::Metadata) -> bool {
        true
    }

    /// Writes a file under another name and renames it, so that the file is never incomplete.
    pub(crate) fn replace(&self, name: &str, part: &str, content: &[&[u8]]) -> io::Result<()> {
        let write = || {
            self.remove(part)?;
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            let mut file = options.open(self.path.join(part))?;
            for bytes in content {
                file.write_all(bytes)?;
            }
            drop(file);
            self.rename(part, self, name)
        };
        write().inspect_err(|_| {
            // On a full disk it would take the room of the next file.
            let _ = self.remove(part);
        })
    }

    /// Moves a file to another directory of the spool, or within this one.
    pub(crate) fn rename(
        &self,
        from: impl AsRef<OsStr>,
        to: &Self,
        new_name: &str,
    ) -> io::Result<()> {
        fs::rename(self.path.join(from.as_ref()), to.path.join(new_name))
    }

    /// Removes a file, if there is one.
    pub(crate) fn remove(&self, name: impl AsRef<OsStr>) -> io::Result<()> {
        match fs::remove_file(self.path.join(name.as_ref())) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
