//! The thread that writes pending requests to the spool and removes delivered ones. A disk may be
//! slow, full or gone: nobody but this thread waits for it without a limit.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, SendError};
use std::time::{Duration, Instant};

use opentelemetry_sdk::metrics::Temporality;

use crate::dynatrace::buffer::spooled::Job;
use crate::dynatrace::buffer::{Buffer, DiskTask};
use crate::dynatrace::config::Config;
use crate::dynatrace::delivery::cells::{Cells, Recovery, warn};
use crate::dynatrace::delivery::spool_report::{Fault, SpoolReport};
use crate::dynatrace::error::ConfigError;
use crate::dynatrace::health::DropReason;
use crate::dynatrace::request::RequestId;
use crate::dynatrace::spool::directory::Directory;
use crate::dynatrace::spool::handle::OpenError;
use crate::dynatrace::spool::recipient::Recipient;
use crate::dynatrace::spool::slot::{Contents, Slot, Standing, Unreadable};
use crate::dynatrace::text::printable;
use crate::thread::spawn;

const THREAD_NAME: &str = "dt-metrics-spool";

/// How long a program that starts waits for its disk.
const OPEN_TIMEOUT: Duration = Duration::from_secs(1);

/// How much longer it waits while the counts and values of an earlier process are made into requests. Later,
/// its own are no longer kept in the spool between pushes.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(4);

/// How often to look for requests of processes that have ended.
const ADOPT_INTERVAL: Duration = Duration::from_secs(60);

/// Damaged files have this part of the spool's bytes.
const DAMAGED_SHARE: u64 = 10;

/// Opens the spool and restores its requests, before anything is pushed or sent. Returns its path;
/// `None` if the disk does not allow a spool, which is reported. A disk that is slow to answer gets
/// its spool later. Also returns the cells in the spool, if they are kept there.
pub(crate) fn start<'a>(
    buffer: &Arc<Buffer>,
    path: &'a Path,
    config: &Config,
) -> Result<(Option<&'a Path>, Option<Arc<Cells>>), ConfigError> {
    let limit_bytes = config.options.spool_limit_bytes;
    let recipient = Recipient::new(config.protocol.format, &config.target.endpoint);
    let mut recovery = Recovery::new(config, buffer);
    let is_cumulative = config.protocol.temporality == Temporality::Cumulative;
    let labels = config.labels().filter(|_| !is_cumulative);
    // A rendezvous channel: if `start` timed out, `send` returns the contents to the thread.
    let (opened, result) = mpsc::sync_channel(0);
    let (spooler_buffer, spooler_path) = (buffer.clone(), path.to_owned());
    let is_recovering = Arc::new(AtomicBool::new(false));
    let recovering = Arc::clone(&is_recovering);
    spawn(THREAD_NAME, move || {
        let mut cells = None;
        let recover = |slot: &Slot, contents: &mut Contents| {
            recovering.store(true, Ordering::Relaxed);
            let is_free = recovery.recover(slot, contents);
            if let Some(labels) = labels {
                let in_use = || io::Error::other("the counts of an earlier process are still there");
                let created = is_free.then(|| Cells::create(slot, limit_bytes, &labels));
                cells = Some(created.unwrap_or_else(|| Err(in_use())));
            }
        };
        let (directory, contents) = match Directory::open(&spooler_path, recipient, recover) {
            Ok(opened) => opened,
            Err(error) => {
                // If nobody waits any more, the missing spool was reported, without this error.
                let _ = opened.send(Err(error));
                return;
            }
        };
        let cells = cells.and_then(|created| match created {
            Ok(cells) => Some(Arc::new(cells)),
            Err(error) => {
                warn(format_args!(
                    "counts since the last push are not kept in {}: {error}; if the process is killed, they \
                     are lost",
                    printable(&spooler_path.to_string_lossy())
                ));
                None
            }
        });
        let in_time = opened.send(Ok((contents, cells.clone())));
        let mut spooler = Spooler {
            buffer: spooler_buffer,
            directory,
            limit_bytes,
            report: SpoolReport::new(spooler_path),
            stuck: Vec::new(),
            cells,
            recovery,
        };
        if let Err(SendError(Ok((contents, _)))) = in_time {
            // The program counts in memory by now.
            spooler.remove_cells();
            spooler.join_late(contents);
        }
        spooler.run();
    })
    .map_err(ConfigError::Thread)?;
    let mut report = SpoolReport::new(path.to_owned());
    let mut cells = None;
    match wait(&result, &is_recovering, OPEN_TIMEOUT, RECOVERY_TIMEOUT) {
        Some(Ok((contents, kept))) => {
            cells = kept;
            let at_most_once = buffer.at_most_once();
            buffer.update(|state| {
                state.queue.attach(limit_bytes, at_most_once);
                state.restore(&contents, at_most_once);
            });
            report.found(buffer, &contents);
        }
        Some(Err(OpenError::Unusable(source))) => {
            return Err(ConfigError::Spool {
                path: path.to_owned(),
                source,
            });
        }
        Some(Err(OpenError::Io(error))) => {
            report.unusable(buffer, &error);
            return Ok((None, None));
        }
        None => report.not_yet(buffer),
    }
    Ok((Some(path), cells))
}

/// Waits for the opened spool, and if it was found in time, for the recovery of what is in there.
fn wait<T>(
    opened: &Receiver<T>,
    is_recovering: &AtomicBool,
    open: Duration,
    recovery: Duration,
) -> Option<T> {
    let in_time = opened.recv_timeout(open).ok();
    in_time.or_else(|| {
        let is_found = is_recovering.load(Ordering::Relaxed);
        is_found.then(|| opened.recv_timeout(recovery).ok())?
    })
}

struct Spooler {
    buffer: Arc<Buffer>,
    directory: Directory,
    limit_bytes: u64,
    report: SpoolReport,
    /// Files that should be gone but could not be removed.
    stuck: Vec<RequestId>,
    /// The cells of this process.
    cells: Option<Arc<Cells>>,
    recovery: Recovery,
}

impl Spooler {
    fn run(mut self) {
        // Dropped on a panic as well: callers that wait are woken at the end.
        let mut exit = Exit(self.buffer.clone(), self.cells.clone());
        let mut adopt_at = Instant::now();
        loop {
            match self.buffer.disk_task(adopt_at) {
                DiskTask::Job(job) => self.work(job),
                DiskTask::Adopt => {
                    self.adopt();
                    adopt_at = Instant::now() + ADOPT_INTERVAL;
                }
                DiskTask::End => break,
            }
        }
        match self.cells.take() {
            Some(cells) if !cells.is_drained() => {
                // The last collection was not in time. Nobody else may have the counts as long as this process
                // may deliver them, after another installation.
                exit.1 = None;
                cells.file().hold(self.directory);
            }
            cells => {
                self.cells = cells;
                self.remove_cells();
            }
        }
    }

    /// The disk was slow, and the program went on: its requests have the same numbers by now as the
    /// files that were found, so the files get new ones.
    fn join_late(&mut self, contents: Contents) {
        let reserve = || self.buffer.lock().queue.reserve();
        self.buffer.lock().queue.skip_to(contents.last_sequence);
        let found = self.directory.renumber(contents, reserve);
        let at_most_once = self.buffer.at_most_once();
        self.buffer.update(|state| {
            if !state.is_stopped() {
                state.queue.attach(self.limit_bytes, at_most_once);
                state.restore(&found, at_most_once);
                state.queue.write_again();
            }
        });
        self.report.works_again();
        self.report.found(&self.buffer, &found);
    }

    /// Everything that was counted is in requests, or in other memory.
    fn remove_cells(&mut self) {
        if let Some(cells) = self.cells.take() {
            // If this fails, `Exit` makes the file void, and the next process removes it.
            let _ = self.directory.slot.remove_own_cells(cells.file());
        }
    }

    fn work(&mut self, job: Job) {
        match job {
            Job::Write {
                id,
                collected,
                body,
                snapshot,
            } => {
                let written = self
                    .ensure_in_place()
                    .and_then(|()| self.directory.slot.write(id, collected, &body, snapshot));
                let is_written = written.is_ok();
                let works_again = self.report.note(&self.buffer, Fault::Write, written);
                self.buffer.update(|state| {
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
                self.buffer.update(|state| state.queue.spooled.done());
            }
            Job::Mark { sending } => {
                // Without the mark the next process sends the request again, as if there were no
                // mark.
                let marked = self.directory.slot.mark(sending);
                self.report.note(&self.buffer, Fault::Mark, marked);
                self.buffer.update(|state| state.queue.spooled.done());
            }
            Job::Look { id } => {
                self.look(id);
                self.buffer.update(|state| state.queue.spooled.done());
            }
            Job::Readdress { recipient } => {
                let named = self.directory.readdress(recipient);
                self.report.note(&self.buffer, Fault::Write, named);
                self.buffer.update(|state| state.queue.spooled.done());
            }
            Job::Grow => {
                if let Some(cells) = &self.cells {
                    cells.file().grow_ahead();
                }
                self.buffer.update(|state| state.queue.spooled.done());
            }
            Job::Read { id } => {
                let read = self.directory.slot.read(id);
                if let Err(Unreadable::Damaged(_)) = &read {
                    self.directory.slot.set_aside(id);
                    self.tidy_damaged();
                }
                let body = read.map_err(|error| self.report.unreadable(&error));
                self.buffer.update(|state| {
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
        // If it cannot be had now, the next write reports it.
        let _ = self.ensure_in_place();
        let room = self.buffer.lock().queue.spooled.room();
        let reserve = || self.buffer.lock().queue.reserve();
        let recovery = &mut self.recovery;
        let recover = |slot: &Slot, contents: &mut Contents| {
            recovery.recover(slot, contents);
        };
        let found = self
            .directory
            .adopt(room, self.limit_bytes / DAMAGED_SHARE, reserve, recover);
        if found != Contents::default() {
            let at_most_once = self.buffer.at_most_once();
            self.buffer
                .update(|state| state.restore(&found, at_most_once));
            self.report.found(&self.buffer, &found);
        }
        self.tidy_damaged();
    }

    /// Keeps to the bounds of damaged files, which take up a part of the spool.
    fn tidy_damaged(&self) {
        if let Ok(bytes) = self.directory.slot.tidy_damaged(self.damaged_limit()) {
            self.buffer
                .update(|state| state.queue.spooled.set_damaged_bytes(bytes));
        }
    }

    fn damaged_limit(&self) -> u64 {
        self.limit_bytes / DAMAGED_SHARE
    }

    /// Looks whether the request that is about to be sent is still on disk and this process's.
    fn look(&mut self, id: RequestId) {
        // A disk that cannot be read is not evidence about the request.
        if self.ensure_in_place().is_ok() && !self.directory.slot.has(id) {
            self.buffer
                .update(|state| state.queue.write_in_flight_again(id));
        }
    }

    fn remove(&mut self, id: RequestId) {
        let removed = self.directory.slot.remove(id);
        if removed.is_err() {
            self.stuck.push(id);
        }
        self.report.note(&self.buffer, Fault::Remove, removed);
    }

    /// Somebody may have removed or renamed the directory, or the lock in it.
    fn ensure_in_place(&mut self) -> io::Result<()> {
        let standing = self.directory.slot.restore_standing()?;
        if standing == Standing::Held {
            let slot = &self.directory.slot;
            let is_removed = |cells: &mut Arc<Cells>| slot.is_without(cells.file());
            if let Some(cells) = self.cells.take_if(is_removed) {
                cells.lose();
                self.report
                    .cells_lost(&self.buffer, "somebody removed the file `cells`");
            }
            return Ok(());
        }
        if let Some(cells) = self.cells.take() {
            cells.lose();
            self.report
                .cells_lost(&self.buffer, "somebody moved or removed its directory");
        }
        if standing == Standing::Lost {
            // Before anything is sent or removed: the other process sends the requests in the slot.
            self.buffer.update(|state| {
                let points = state.queue.give_up_written();
                state.drop_points(DropReason::SpoolDamaged, points);
            });
            self.report.lost(&self.buffer);
        }
        let contents = self.directory.reopen(standing).map_err(io::Error::other)?;
        self.buffer.update(|state| {
            let points = state.queue.compare(&contents.stored);
            state.drop_points(DropReason::SpoolDamaged, points);
        });
        Ok(())
    }
}

/// Reports the end of the thread.
struct Exit(Arc<Buffer>, Option<Arc<Cells>>);

impl Drop for Exit {
    fn drop(&mut self) {
        // The slot is free from now on: another process would recover counts that this one delivers.
        if let Some(cells) = &self.1 {
            cells.lose();
        }
        self.0.update(|state| {
            let points = state.queue.detach();
            state.drop_points(DropReason::Shutdown, points);
        });
    }
}

#[cfg(test)]
#[cfg(all(target_os = "linux", not(miri)))]
mod tests;
