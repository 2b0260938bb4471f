//! The properties file that a OneAgent names, opened only where nobody else can have put it.
//!
//! A OneAgent answers a program that opens a file with a certain name in its working directory, and
//! the first line of that answer names the properties file to read. The name does not exist in the
//! file system, so a file that does exist there came from somebody else: an unpacked archive, a
//! checkout, another user. Whoever can write it chooses a file of this user, whose contents would
//! leave the host as dimensions.

use std::fs;
#[cfg(not(unix))]
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::properties::{self, Entries};

/// The directories where a OneAgent and its operator keep files (Dynatrace documentation, "OneAgent
/// files and disk space requirements").
#[cfg(not(windows))]
pub(super) fn roots() -> Vec<PathBuf> {
    ["/var/lib/dynatrace", "/opt/dynatrace", "/var/log/dynatrace"]
        .map(PathBuf::from)
        .into()
}

/// The directory where a OneAgent and its operator keep files.
#[cfg(windows)]
pub(super) fn roots() -> Vec<PathBuf> {
    let data = std::env::var_os("ProgramData").filter(|path| !path.is_empty());
    vec![PathBuf::from(data.unwrap_or_else(|| r"C:\ProgramData".into())).join("dynatrace")]
}

/// Why a file is not used. Completes "ignoring … since …".
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("it is a symbolic link")]
    Link,
    #[error("it is not a regular file")]
    NotAFile,
    #[error("it belongs to another user (id {0})")]
    #[cfg_attr(not(unix), expect(dead_code))]
    Foreign(u32),
    #[error("others can write to it (mode {0:o})")]
    #[cfg_attr(not(unix), expect(dead_code))]
    Writable(u32),
    #[error("the directory that it is in belongs to another user (id {0})")]
    #[cfg_attr(not(unix), expect(dead_code))]
    ForeignDirectory(u32),
    #[error("others can write to the directory that it is in (mode {0:o})")]
    #[cfg_attr(not(unix), expect(dead_code))]
    WritableDirectory(u32),
    #[error("it is a file in the working directory, and a OneAgent's is not")]
    #[cfg_attr(unix, expect(dead_code))]
    NotVirtual,
    #[error("it is not in a directory of Dynatrace")]
    Elsewhere,
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Reads the path in the first line of `indirection`; `None` if there is no such file.
pub(super) fn named_file(indirection: &Path) -> Result<Option<PathBuf>, Refusal> {
    let file = match open_no_follow(indirection) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(_) if is_link(indirection) => return Err(Refusal::Link),
        Err(error) => return Err(error.into()),
    };
    check_indirection(indirection, &file)?;
    let text = properties::read(file)?;
    let path = text.lines().next().unwrap_or_default().trim();
    Ok((!path.is_empty()).then(|| path.into()))
}

/// Reads the entries of `path`, which must be below one of the `roots`.
pub(super) fn read_named(path: &Path, roots: &[PathBuf]) -> Result<Entries, Refusal> {
    let below = |root: &PathBuf| Some((root.clone(), path.strip_prefix(root).ok()?.to_owned()));
    let (root, rest) = roots.iter().find_map(below).ok_or(Refusal::Elsewhere)?;
    let is_plain = |part: Component| matches!(part, Component::Normal(_));
    if rest.as_os_str().is_empty() || !rest.components().all(is_plain) {
        return Err(Refusal::Elsewhere);
    }
    let file = open_below(&root, &rest)?;
    Ok(properties::read_entries_of(file, path)?)
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink())
}

#[cfg(unix)]
use self::unix::{check_indirection, open_below, open_no_follow};

#[cfg(unix)]
mod unix {
    //! Owners and permissions, and paths that are followed one directory at a time.

    use std::fs::{self, File, Metadata, OpenOptions};
    use std::io;
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
    use std::path::Path;

    use rustix::fs::{Mode, OFlags, openat};
    use rustix::process::geteuid;

    use crate::dynatrace::config::indirection::{Refusal, is_link};

    const STICKY: u32 = 0o1000;
    const WRITABLE_BY_OTHERS: u32 = 0o022;

    /// Opens the file through the C library, since that is where a OneAgent answers. A FIFO does not
    /// block.
    pub(super) fn open_no_follow(path: &Path) -> io::Result<File> {
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        OpenOptions::new()
            .read(true)
            .custom_flags(flags.bits().cast_signed())
            .open(path)
    }

    /// Accepts an answer of a OneAgent, or a file that nobody else can have put there.
    pub(super) fn check_indirection(path: &Path, file: &File) -> Result<(), Refusal> {
        let opened = file.metadata()?;
        let listed = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            listed => Some(listed?),
        };
        let Some(listed) = listed else {
            return Ok(());
        };
        if listed.is_symlink() {
            return Err(Refusal::Link);
        }
        // Two other files if it was replaced meanwhile.
        let is_same = (listed.dev(), listed.ino()) == (opened.dev(), opened.ino());
        if !opened.is_file() || !is_same {
            return Err(Refusal::NotAFile);
        }
        check_file(&opened, &[])?;
        let parent = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        let directory = fs::metadata(parent.unwrap_or(Path::new(".")))?;
        if !is_trusted(directory.uid(), &[]) {
            return Err(Refusal::ForeignDirectory(directory.uid()));
        }
        if directory.mode() & WRITABLE_BY_OTHERS != 0 {
            return Err(Refusal::WritableDirectory(directory.mode() & 0o7777));
        }
        Ok(())
    }

    /// Opens the file without following links. Each directory on the way belongs to a trusted user,
    /// and other users cannot replace its entries.
    pub(super) fn open_below(root: &Path, rest: &Path) -> Result<File, Refusal> {
        let mut directory = open_no_follow(root).map_err(|error| {
            if is_link(root) {
                Refusal::Link
            } else {
                error.into()
            }
        })?;
        check_directory(&directory.metadata()?, &[])?;
        // Root may create a directory here for an agent without privileges, such as `oneagent`.
        let is_exclusive = directory.metadata()?.mode() & WRITABLE_BY_OTHERS == 0;
        let mut agents = Vec::new();
        let mut parts = rest.components().enumerate().peekable();
        while let Some((depth, part)) = parts.next() {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let opened = openat(&directory, part.as_os_str(), flags, Mode::empty());
            let file = File::from(opened.map_err(|error| match error {
                rustix::io::Errno::LOOP => Refusal::Link,
                error => Refusal::Io(error.into()),
            })?);
            let metadata = file.metadata()?;
            if parts.peek().is_none() {
                check_file(&metadata, &agents)?;
                return Ok(file);
            }
            if depth == 0 && is_exclusive {
                agents.push(metadata.uid());
            }
            check_directory(&metadata, &agents)?;
            directory = file;
        }
        Err(Refusal::Elsewhere)
    }

    fn check_file(file: &Metadata, agents: &[u32]) -> Result<(), Refusal> {
        if !file.is_file() {
            Err(Refusal::NotAFile)
        } else if !is_trusted(file.uid(), agents) {
            Err(Refusal::Foreign(file.uid()))
        } else if file.mode() & WRITABLE_BY_OTHERS != 0 {
            Err(Refusal::Writable(file.mode() & 0o7777))
        } else {
            Ok(())
        }
    }

    fn check_directory(directory: &Metadata, agents: &[u32]) -> Result<(), Refusal> {
        let mode = directory.mode();
        if !directory.is_dir() {
            Err(Refusal::NotAFile)
        } else if !is_trusted(directory.uid(), agents) {
            Err(Refusal::ForeignDirectory(directory.uid()))
        } else if mode & WRITABLE_BY_OTHERS != 0 && mode & STICKY == 0 {
            // In a sticky directory, others can neither replace nor rename the file.
            Err(Refusal::WritableDirectory(mode & 0o7777))
        } else {
            Ok(())
        }
    }

    fn is_trusted(owner: u32, agents: &[u32]) -> bool {
        owner == 0 || owner == geteuid().as_raw() || agents.contains(&owner)
    }
}

#[cfg(not(unix))]
fn open_no_follow(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

/// Without owners to compare, only a name that is not listed is a OneAgent's.
#[cfg(not(unix))]
fn check_indirection(path: &Path, _file: &File) -> Result<(), Refusal> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
        Ok(_) => Err(Refusal::NotVirtual),
    }
}

/// Only administrators can write below `%ProgramData%\dynatrace`.
#[cfg(not(unix))]
fn open_below(root: &Path, rest: &Path) -> Result<File, Refusal> {
    let mut path = root.to_owned();
    for part in rest.components() {
        path.push(part);
        if is_link(&path) {
            return Err(Refusal::Link);
        }
    }
    let file = File::open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(Refusal::NotAFile)
    }
}

#[cfg(test)]
mod tests;
