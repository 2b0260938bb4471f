//! The thread that writes pending requests to the spool and removes delivered ones. A disk may be
//! slow, full or gone: nobody but this thread waits for it without a limit.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, SendError};
use std::time::{Duration, Instant};

use crate::dynatrace::buffer::spooled::Job;
use crate::dynatrace::buffer::{Buffer, DiskTask};
use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::delivery::spool_report::{Fault, SpoolReport};
use crate::dynatrace::error::ConfigError;
use crate::dynatrace::health::DropReason;
use crate::dynatrace::request::RequestId;
use crate::dynatrace::spool::directory::Directory;
use crate::dynatrace::spool::handle::OpenError;
use crate::dynatrace::spool::slot::Contents;
use crate::thread::spawn;

const THREAD_NAME: &str = "dt-metrics-spool";

/// How long a program that starts waits for its disk.
const OPEN_TIMEOUT: Duration = Duration::from_secs(1);

/// How often to look for requests of processes that have ended.
const ADOPT_INTERVAL: Duration = Duration::from_secs(60);

/// Opens the spool and restores its requests, before anything is pushed or sent. Returns its path;
/// `None` if the disk does not allow a spool, which is reported. A disk that is slow to answer gets
/// its spool later.
pub(crate) fn start<'a>(
    buffer: &Arc<Buffer>,
    path: &'a Path,
    limit_bytes: u64,
    format: Format,
) -> Result<Option<&'a Path>, ConfigError> {
    // A rendezvous channel: if `start` timed out, `send` returns the contents to the thread.
    let (opened, result) = mpsc::sync_channel(0);
    let (spooler_buffer, spooler_path) = (buffer.clone(), path.to_owned());
    spawn(THREAD_NAME, move || {
        let (directory, contents) = match Directory::open(&spooler_path, format) {
            Ok(opened) => opened,
            Err(error) => {
                // If nobody waits any more, the missing spool was reported, without this error.
                let _ = opened.send(Err(error));
                return;
            }
        };
        let in_time = opened.send(Ok(contents));
        let mut spooler = Spooler {
            buffer: spooler_buffer,
            directory,
            limit_bytes,
            report: SpoolReport::new(spooler_path),
            stuck: Vec::new(),
        };
        if let Err(SendError(Ok(contents))) = in_time {
            spooler.join_late(contents);
        }
        spooler.run();
    })
    .map_err(ConfigError::Thread)?;
    let mut report = SpoolReport::new(path.to_owned());
    match result.recv_timeout(OPEN_TIMEOUT) {
        Ok(Ok(contents)) => {
            let at_most_once = buffer.drops_unanswered();
            buffer.disk_changed(|state| {
                state.queue.attach(limit_bytes, at_most_once);
                state.restore(&contents, at_most_once);
            });
            report.found(&contents);
        }
        Ok(Err(OpenError::Unusable(source))) => {
            return Err(ConfigError::Spool {
                path: path.to_owned(),
                source,
            });
        }
        Ok(Err(OpenError::Io(error))) => {
            report.unusable(buffer, &error);
            return Ok(None);
        }
        Err(_) => report.not_yet(buffer),
    }
    Ok(Some(path))
}

struct Spooler {
    buffer: Arc<Buffer>,
    directory: Directory,
    limit_bytes: u64,
    report: SpoolReport,
    /// Files that should be gone but could not be removed.
    stuck: Vec<RequestId>,
}

impl Spooler {
    fn run(mut self) {
        // Dropped on a panic as well: callers that wait are woken at the end.
        let _exit = Exit(self.buffer.clone());
        let mut adopt_at = Instant::now();
        loop {
            match self.buffer.disk_task(adopt_at) {
                DiskTask::Job(job) => self.work(job),
                DiskTask::Adopt => {
                    self.adopt();
                    adopt_at = Instant::now() + ADOPT_INTERVAL;
                }
                DiskTask::End => return,
            }
        }
    }

    /// The disk was slow, and the program went on: its requests have the same numbers by now as the
    /// files that were found, so the files get new ones.
    fn join_late(&mut self, contents: Contents) {
        let reserve = || self.buffer.lock().queue.reserve();
        self.buffer.lock().queue.skip_to(contents.last_sequence);
        let found = self.directory.renumber(contents, reserve);
        let at_most_once = self.buffer.drops_unanswered();
        self.buffer.disk_changed(|state| {
            if !state.is_stopped() {
                state.queue.attach(self.limit_bytes, at_most_once);
                state.restore(&found, at_most_once);
                state.queue.write_again();
            }
        });
        self.report.works_again();
        self.report.found(&found);
    }

    fn work(&mut self, job: Job) {
        match job {
            Job::Write {
                id,
                collected,
                body,
            } => {
                let written = self
                    .ensure_in_place()
                    .and_then(|()| self.directory.slot.write(id, collected, &body));
                let is_written = written.is_ok();
                let works_again = self.report.note(&self.buffer, Fault::Write, written);
                self.buffer.disk_changed(|state| {
                    let spooled = &mut state.queue.spooled;
                    if is_written {
                        spooled.written(id);
                    } else {
                        spooled.not_written(id);
                    }
                    if works_again {
                        state.queue.write_again();
                    }
                });
            }
            Job::Remove { id } => {
                self.remove(id);
                self.buffer.disk_changed(|state| state.queue.spooled.done());
            }
            Job::RecordSending { sending } => {
                // Without the mark the next process sends the request again, which is as good as
                // not having one.
                let marked = self.directory.slot.mark(sending);
                self.report.note(&self.buffer, Fault::Mark, marked);
                self.buffer.disk_changed(|state| state.queue.spooled.done());
            }
            Job::Read { id } => {
                let read = self.directory.slot.read(id);
                let body = read.map_err(|error| self.report.unreadable(&error));
                self.buffer.disk_changed(|state| {
                    if let Ok(body) = body {
                        state.queue.fetched(id, body);
                    } else {
                        let points = state.queue.not_fetched(id);
                        state.drop_points(DropReason::SpoolDamaged, points);
                    }
                });
            }
        }
    }

    /// Takes over the requests of processes that have ended, and retries failed removals.
    fn adopt(&mut self) {
        for id in std::mem::take(&mut self.stuck) {
            self.remove(id);
        }
        let room = self.buffer.lock().queue.spooled.room();
        let found = self
            .directory
            .adopt(room, || self.buffer.lock().queue.reserve());
        if found != Contents::default() {
            let drops_unanswered = self.buffer.drops_unanswered();
            self.buffer
                .disk_changed(|state| state.restore(&found, drops_unanswered));
            self.report.found(&found);
        }
    }

    fn remove(&mut self, id: RequestId) {
        let removed = self.directory.slot.remove(id);
        if removed.is_err() {
            self.stuck.push(id);
        }
        self.report.note(&self.buffer, Fault::Remove, removed);
    }

    /// Somebody may have removed the directory, or the lock in it.
    fn ensure_in_place(&mut self) -> io::Result<()> {
        if self.directory.slot.is_in_place() {
            return Ok(());
        }
        let contents = self.directory.reopen().map_err(io::Error::other)?;
        self.buffer.disk_changed(|state| {
            let points = state.queue.compare(&contents.stored);
            state.drop_points(DropReason::SpoolDamaged, points);
        });
        Ok(())
    }
}

/// Reports the end of the thread.
struct Exit(Arc<Buffer>);

impl Drop for Exit {
    fn drop(&mut self) {
        self.0.disk_changed(|state| {
            let points = state.queue.detach();
            state.drop_points(DropReason::Shutdown, points);
        });
    }
}
