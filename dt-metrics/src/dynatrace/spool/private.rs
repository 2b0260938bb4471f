//! Files and directories that are nobody else's business.

use std::fs::{DirBuilder, Metadata, OpenOptions};
use std::io;
use std::path::Path;

use super::error::SpoolError;

/// Creates a directory that only this user can enter; parents that are missing, too, if asked.
pub(super) fn create_dir(path: &Path, recursive: bool) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(recursive);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// To write files that only this user can read.
pub(super) fn writing() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Whether a directory that was there before may hold the slots.
#[cfg(unix)]
pub(super) fn check_shared(directory: &Metadata) -> Result<(), SpoolError> {
    use std::os::unix::fs::MetadataExt;
    let mode = directory.mode() & 0o7777;
    if mode & 0o022 != 0 {
        return Err(SpoolError::Writable { mode });
    }
    let owner = directory.uid();
    if owner != rustix::process::geteuid().as_raw() && owner != 0 {
        return Err(SpoolError::Foreign { owner });
    }
    Ok(())
}

/// What this user's group and others may do.
#[cfg(unix)]
const OTHERS: u32 = 0o077;

/// Whether a directory is ours alone.
#[cfg(unix)]
pub(super) fn is_private(directory: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    directory.is_dir()
        && directory.uid() == rustix::process::geteuid().as_raw()
        && directory.mode() & OTHERS == 0
}

/// Elsewhere a directory has the permissions of the one that it is in.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail on Unix")]
pub(super) fn check_shared(_directory: &Metadata) -> Result<(), SpoolError> {
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn is_private(directory: &Metadata) -> bool {
    directory.is_dir()
}
