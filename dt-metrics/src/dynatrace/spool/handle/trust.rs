//! Which directories nobody else can replace: the rule that `ssh` has for `authorized_keys`.
//!
//! Whoever can rename a directory on the way to the spool can put a link or a directory of their own
//! in its place. So every directory on the way has to belong to root or to the effective user, and
//! nobody else may write to it. In a directory with the sticky bit, such as `/tmp`, everybody may
//! create files, but rename or remove only their own.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, mkdirat, openat, readlinkat, statat};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::dynatrace::error::SpoolError;
use crate::dynatrace::spool::handle::entry::{OpenError, at};

/// As many links as Linux follows in a path.
const MAX_LINKS: u32 = 40;

const WALK: OFlags = OFlags::DIRECTORY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC)
    .union(SEARCH);

/// Opens a directory that this user can enter, but perhaps not list.
#[cfg(any(target_os = "linux", target_os = "android"))]
const SEARCH: OFlags = OFlags::PATH;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const SEARCH: OFlags = OFlags::RDONLY;

/// The permissions of a group and of others to write.
pub(super) const SHARED: u32 = 0o022;
const STICKY: u32 = 0o1000;

/// A directory on the way, without links in its path.
struct Step {
    path: PathBuf,
    directory: File,
    metadata: Metadata,
}

/// Opens a directory, and creates it privately if there is none. Links are resolved here, one name
/// at a time, since the directory of each link has to be safe as well.
pub(super) fn open_trusted(path: &Path) -> Result<OwnedFd, OpenError> {
    let mut rest = names(path);
    let mut way = vec![Step::open(CWD, OsStr::new("/"), PathBuf::from("/"))?];
    let mut links = 0;
    while let Some(name) = rest.pop() {
        if name == ".." {
            if way.len() > 1 {
                way.pop();
            }
            continue;
        }
        let Some(here) = way.last() else {
            break; // Cannot happen: the root stays.
        };
        let below = here.path.join(&name);
        match statat(&here.directory, &name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode).is_symlink() => {
                if here.mode() & SHARED != 0 && !is_trusted(stat.st_uid) {
                    return Err(foreign(below, stat.st_uid, 0o777));
                }
                links += 1;
                if links > MAX_LINKS {
                    return Err(at(&below, &Errno::LOOP.into()).into());
                }
                let target = readlinkat(&here.directory, &name, Vec::new());
                let target = target.map_err(|error| at(&below, &error.into()))?;
                let target = PathBuf::from(OsString::from_vec(target.into_bytes()));
                if target.is_absolute() {
                    way.truncate(1);
                }
                rest.extend(names(&target));
                continue;
            }
            Ok(stat) if !FileType::from_raw_mode(stat.st_mode).is_dir() => {
                return Err(if rest.is_empty() {
                    SpoolError::NotADirectory.into()
                } else {
                    at(&below, &Errno::NOTDIR.into()).into()
                });
            }
            Ok(_) => {}
            Err(Errno::NOENT) => match mkdirat(&here.directory, &name, Mode::RWXU) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(at(&below, &error.into()).into()),
            },
            Err(error) => return Err(at(&below, &error.into()).into()),
        }
        let next = Step::open(&here.directory, &name, below)?;
        way.push(next);
    }
    let Some(last) = way.pop() else {
        return Err(SpoolError::NotADirectory.into()); // Cannot happen: the root stays.
    };
    // The spool itself is not shared, sticky or not.
    if last.mode() & SHARED != 0 {
        return Err(last.writable());
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = openat(&last.directory, ".", flags, Mode::empty());
    opened.map_err(|error| at(&last.path, &error.into()).into())
}

impl Step {
    /// Opens a directory on the way, if it is safe.
    fn open(
        parent: impl std::os::fd::AsFd,
        name: &OsStr,
        path: PathBuf,
    ) -> Result<Self, OpenError> {
        let opened = openat(parent, name, WALK, Mode::empty()).map_err(io::Error::from);
        let opened = opened.map(File::from).and_then(|directory| {
            let metadata = directory.metadata()?;
            Ok((directory, metadata))
        });
        let (directory, metadata) = opened.map_err(|error| at(&path, &error))?;
        let step = Self {
            path,
            directory,
            metadata,
        };
        if !is_trusted(step.metadata.uid()) {
            return Err(foreign(
                step.path,
                step.metadata.uid(),
                step.metadata.mode(),
            ));
        }
        if step.mode() & SHARED != 0 && step.mode() & STICKY == 0 {
            return Err(step.writable());
        }
        Ok(step)
    }

    fn mode(&self) -> u32 {
        self.metadata.mode() & 0o7777
    }

    fn writable(self) -> OpenError {
        let (owner, mode) = (self.metadata.uid(), self.mode());
        let path = self.path;
        SpoolError::Writable { path, owner, mode }.into()
    }
}

fn foreign(path: PathBuf, owner: u32, mode: u32) -> OpenError {
    let mode = mode & 0o7777;
    SpoolError::Foreign { path, owner, mode }.into()
}

/// Whether a user can do no harm that they could not do anyway.
fn is_trusted(user: u32) -> bool {
    user == 0 || user == geteuid().as_raw()
}

/// The names in a path, the last one first.
fn names(path: &Path) -> Vec<OsString> {
    let names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    });
    let mut names: Vec<_> = names.collect();
    names.reverse();
    names
}
