//! Small files that somebody else writes: bounded, and never waited for.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use secrecy::zeroize::Zeroizing;

/// The most of a file that is read. A real one has a few lines.
pub(super) const MAX_BYTES: usize = 64 * 1024;

/// How long reading may take: a path may lie on a file system that does not answer.
pub(super) const TIMEOUT: Duration = Duration::from_secs(1);

/// The text of a small file, wiped afterwards: it may hold a token. What is not UTF-8 becomes
/// U+FFFD, so that it costs its line and not the whole file.
pub(super) fn read(path: &Path) -> io::Result<Zeroizing<String>> {
    let file = File::open(path)?;
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    // With its full size from the start, so that growing leaves no copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.min(MAX_BYTES) + 1));
    let bound = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    file.take(bound + 1).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "it is longer than 64 KiB",
        ));
    }
    Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Runs `work` on a thread of its own; `None` if it takes too long, or if there is no thread.
pub(super) fn in_time<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (done, result) = mpsc::sync_channel(1);
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            // Nobody listens any more if the time was up.
            done.send(work()).ok();
        })
        .ok()?;
    result.recv_timeout(TIMEOUT).ok()
}
