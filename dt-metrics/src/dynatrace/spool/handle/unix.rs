//! A directory by its descriptor. Links are never followed, and nothing that exists is written over.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, Dir, FileType, FlockOperation, Mode, OFlags, fchmod, flock, mkdirat, openat, renameat,
    statat, unlinkat,
};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::dynatrace::spool::handle::entry::{Entry, OpenError, at};
use crate::dynatrace::spool::handle::trust::{SHARED, open_trusted};

/// A file must not block who opens it, as a pipe would.
const FILE: OFlags = OFlags::NOFOLLOW
    .union(OFlags::CLOEXEC)
    .union(OFlags::NONBLOCK);

const DIRECTORY: OFlags = OFlags::DIRECTORY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// The mode of a file that only this user can read.
const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);

/// All permissions of a group and of others.
const OTHERS: u32 = 0o077;

/// A directory that is held open.
#[derive(Debug)]
pub(crate) struct DirectoryHandle {
    /// Where it was opened.
    path: PathBuf,
    directory: File,
}

impl DirectoryHandle {
    /// Opens a directory in whose place no other user can put something else, and creates it, with
    /// its parents, if there is none.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let directory = open_trusted(path)?.into();
        let path = path.to_owned();
        Ok(Self { path, directory })
    }

    /// Opens a directory in this one; `None` if there is none, or if it is a link or belongs to
    /// another user. If others can read it, as after a restored backup, that is put right.
    pub(crate) fn subdirectory(&self, name: &str) -> io::Result<Option<Self>> {
        let path = self.path.join(name);
        let directory = match openat(&self.directory, name, DIRECTORY, Mode::empty()) {
            Ok(directory) => File::from(directory),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::ACCESS) => return Ok(None),
            Err(error) => return Err(at(&path, &error.into())),
        };
        let metadata = directory.metadata()?;
        if metadata.uid() != geteuid().as_raw() {
            return Ok(None);
        }
        if metadata.mode() & OTHERS != 0 && metadata.mode() & SHARED == 0 {
            // The files are private in any case.
            let _ = fchmod(&directory, Mode::RWXU);
        }
        Ok(Some(Self { path, directory }))
    }

    /// The mode of the directory if others can write to it, so that its files may be theirs.
    pub(crate) fn shared_mode(&self) -> io::Result<Option<u32>> {
        let mode = self.directory.metadata()?.mode();
        Ok((mode & SHARED != 0).then_some(mode & 0o7777))
    }

    /// Creates a directory that only this user can enter, unless the name is taken.
    pub(crate) fn create_subdirectory(&self, name: &str) -> io::Result<()> {
        match mkdirat(&self.directory, name, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(error) => Err(at(&self.path.join(name), &error.into())),
        }
    }

    #[cfg(test)]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the path still leads to this directory.
    pub(crate) fn is_in_place(&self) -> bool {
        match (self.directory.metadata(), self.path.symlink_metadata()) {
            (Ok(ours), Ok(there)) => is_same(&ours, &there),
            _ => false,
        }
    }

    /// Locks the directory itself, however often files in it are removed; `false` if another process
    /// has locked it. The lock ends with this value.
    pub(crate) fn lock(&self) -> io::Result<bool> {
        #[cfg(test)]
        self.hang_if_told();
        match flock(&self.directory, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => Ok(false),
            // Some file systems lock files only. There the locked file has to do.
            Ok(()) | Err(Errno::BADF | Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens and locks a file, which is created if there is none; `None` if another process has
    /// locked it.
    pub(crate) fn lock_file(&self, name: &str) -> io::Result<Option<File>> {
        let flags = OFlags::RDWR | OFlags::CREATE | FILE;
        let file = File::from(openat(&self.directory, name, flags, PRIVATE)?);
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(file)),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the name still leads to this file.
    pub(crate) fn has_in_place(&self, name: &str, file: &File) -> bool {
        let there = openat(&self.directory, name, OFlags::RDONLY | FILE, Mode::empty());
        let there = there.map(File::from).map_err(io::Error::from);
        match (file.metadata(), there.and_then(|there| there.metadata())) {
            (Ok(ours), Ok(there)) => is_same(&ours, &there),
            _ => false,
        }
    }

    /// All entries but `.` and `..`.
    pub(crate) fn entries(&self) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in Dir::read_from(&self.directory)? {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            let kind = match entry.file_type() {
                // Some file systems do not report the type.
                FileType::Unknown => {
                    let stat = statat(&self.directory, name, AtFlags::SYMLINK_NOFOLLOW);
                    stat.map_or(FileType::Unknown, |stat| {
                        FileType::from_raw_mode(stat.st_mode)
                    })
                }
                kind => kind,
            };
            entries.push(Entry {
                name: OsString::from(name),
                is_file: kind == FileType::RegularFile,
            });
        }
        Ok(entries)
    }

    /// Opens a file to read it.
    pub(crate) fn open_file(&self, name: impl AsRef<OsStr>) -> io::Result<File> {
        let flags = OFlags::RDONLY | FILE;
        let file = File::from(openat(
            &self.directory,
            name.as_ref(),
            flags,
            Mode::empty(),
        )?);
        if file.metadata()?.is_file() {
            Ok(file)
        } else {
            Err(io::Error::other("it is not a file"))
        }
    }

    /// Whether a file belongs to this user, no one else can read or change it, and it has no second
    /// name.
    pub(crate) fn is_private(metadata: &std::fs::Metadata) -> bool {
        let is_own = metadata.uid() == geteuid().as_raw();
        is_own && metadata.mode() & OTHERS == 0 && metadata.nlink() == 1
    }

    /// Writes a file that only this user can read, under another name, and renames it, so that the
    /// file is never incomplete.
    pub(crate) fn replace(&self, name: &str, part: &str, content: &[&[u8]]) -> io::Result<()> {
        #[cfg(test)]
        self.hang_if_told();
        let write = || {
            let mut file = self.create_file(part)?;
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

    /// Creates a file that only this user can read. An existing entry with this name was left by a process
    /// that died, and is removed: nothing is ever written to it.
    pub(crate) fn create_file(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | FILE;
        let create = || openat(&self.directory, name, flags, PRIVATE);
        let created = match create() {
            Err(Errno::EXIST) => {
                self.remove(name)?;
                create()
            }
            created => created,
        };
        Ok(created?.into())
    }

    /// Moves a file to another directory of the spool, or within this one.
    pub(crate) fn rename(
        &self,
        from: impl AsRef<OsStr>,
        to: &Self,
        new_name: &str,
    ) -> io::Result<()> {
        let (here, there) = (&self.directory, &to.directory);
        Ok(renameat(here, from.as_ref(), there, new_name)?)
    }

    /// Removes a file, if there is one.
    pub(crate) fn remove(&self, name: impl AsRef<OsStr>) -> io::Result<()> {
        match unlinkat(&self.directory, name.as_ref(), AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// In tests, a disk hangs while a pipe of this name is there and nobody writes to it.
    #[cfg(test)]
    fn hang_if_told(&self) {
        drop(File::open(self.path.join("hang")));
    }
}

fn is_same(one: &std::fs::Metadata, other: &std::fs::Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}
