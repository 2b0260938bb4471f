//! The thread that keeps the disk as the queue wants it. A disk may be slow, full or gone: nobody
//! but this thread waits for it without a limit.

use crate::dynatrace::buffer::Shared;
use crate::dynatrace::buffer::spooled::Job;
use crate::dynatrace::config::SpoolConfig;
use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::delivery::spool_report::{Fault, Report};
use crate::dynatrace::error::ConfigError;
use crate::dynatrace::health::DropReason;
use crate::dynatrace::request::RequestId;
use crate::dynatrace::spool::directory::{Directory, OpenError};
use crate::dynatrace::spool::slot::Contents;
use crate::dynatrace::thread::suppress_telemetry;
use std::io;
use std::sync::mpsc::{self, SendError};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

const THREAD_NAME: &str = "dt-metrics-spool";

/// How long a program that starts waits for its disk.
const OPEN_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a collection waits for its disk. A disk that takes longer is not waited for again
/// until it has caught up.
const WRITE_TIMEOUT: Duration = Duration::from_millis(500);

/// How often to look for what processes left that ended meanwhile.
const ROUND: Duration = Duration::from_secs(60);

/// Opens the spool and restores what is in it; before anything is pushed or sent. Where the disk
/// is at fault there is no spool, and that is said; `false` if so for good.
pub(crate) fn start(
    shared: &Arc<Shared>,
    config: &SpoolConfig,
    format: Format,
) -> Result<bool, ConfigError> {
    // Without room: what is sent is received, or the thread learns that nobody waits any more.
    let (opened, result) = mpsc::sync_channel(0);
    let SpoolConfig { path, limit_bytes } = config.clone();
    let keeper_shared = shared.clone();
    std::thread::Builder::new()
        .name(THREAD_NAME.into())
        .spawn(move || {
            suppress_telemetry();
            let (directory, contents) = match Directory::open(&path, format) {
                Ok(opened) => opened,
                Err(error) => {
                    // If nobody waits any more, it was said.
                    let _ = opened.send(Err(error));
                    return;
                }
            };
            let in_time = opened.send(Ok(contents));
            let mut keeper = Keeper {
                shared: keeper_shared,
                directory,
                limit_bytes,
                report: Report::new(path),
                stuck: Vec::new(),
            };
            if let Err(SendError(Ok(contents))) = in_time {
                keeper.join_late(contents);
            }
            keeper.run();
        })
        .map_err(ConfigError::Thread)?;
    let mut report = Report::new(config.path.clone());
    match result.recv_timeout(OPEN_TIMEOUT) {
        Ok(Ok(contents)) => {
            shared.disk_changed(|state| {
                state
                    .queue
                    .attach(config.limit_bytes, shared.drops_ambiguous());
                state.restore(&contents, shared.drops_ambiguous());
            });
            report.found(&contents);
        }
        Ok(Err(OpenError::Unusable(source))) => {
            return Err(ConfigError::Spool {
                path: config.path.clone(),
                source,
            });
        }
        Ok(Err(OpenError::Io(error))) => {
            report.unusable(shared, &error);
            return Ok(false);
        }
        Err(_) => report.not_yet(shared),
    }
    Ok(true)
}

struct Keeper {
    shared: Arc<Shared>,
    directory: Directory,
    limit_bytes: u64,
    report: Report,
    /// Files that should be gone but could not be removed.
    stuck: Vec<RequestId>,
}

/// What to do next.
enum Work {
    Job(Job),
    Round,
    End,
}

impl Keeper {
    fn run(mut self) {
        // Whatever happens: those who wait must learn of it.
        let _exit = Exit(self.shared.clone());
        let mut round = Instant::now();
        loop {
            match self.shared.disk_work(round) {
                Work::Job(job) => self.work(job),
                Work::Round => {
                    self.round();
                    round = Instant::now() + ROUND;
                }
                Work::End => return,
            }
        }
    }

    /// The program did not wait: what it has by now has the numbers that files have, too.
    fn join_late(&mut self, contents: Contents) {
        let reserve = || self.shared.lock().queue.reserve();
        self.shared.lock().queue.skip_to(contents.last_sequence);
        let found = self.directory.renumber(contents, reserve);
        self.shared.disk_changed(|state| {
            if !state.is_stopped() {
                let drop_ambiguous = self.shared.drops_ambiguous();
                state.queue.attach(self.limit_bytes, drop_ambiguous);
                state.restore(&found, drop_ambiguous);
                state.queue.write_again();
            }
        });
        self.report.works_again();
        self.report.found(&found);
    }

    fn work(&mut self, job: Job) {
        match job {
            Job::Write {
                place,
                collected,
                body,
            } => {
                let written = self
                    .ensure_in_place()
                    .and_then(|()| self.directory.slot().write(place, collected, &body));
                let is_written = written.is_ok();
                let news = self.report.note(&self.shared, Fault::Write, written);
                self.shared.disk_changed(|state| {
                    if is_written {
                        state.queue.written(place);
                    } else {
                        state.queue.not_written(place);
                    }
                    if is_written && news {
                        state.queue.write_again();
                    }
                });
            }
            Job::Remove { place } => {
                self.remove(place);
                self.shared.disk_changed(|state| state.queue.done());
            }
            Job::Mark { sending } => {
                // Without it a kill is as it is without a spool: it is not known what it cost.
                let marked = self.directory.slot().mark(sending);
                self.report.note(&self.shared, Fault::Mark, marked);
                self.shared.disk_changed(|state| state.queue.done());
            }
            Job::Read { place } => {
                let read = self.directory.slot().read(place);
                let body = read.map_err(|error| self.report.unreadable(&error));
                self.shared.disk_changed(|state| {
                    if let Ok(body) = body {
                        state.queue.fetched(place, body);
                    } else {
                        let lines = state.queue.not_fetched(place);
                        state.lose(DropReason::SpoolDamaged, lines);
                    }
                });
            }
        }
    }

    /// What nobody waits for.
    fn round(&mut self) {
        for place in std::mem::take(&mut self.stuck) {
            self.remove(place);
        }
        let room = self.shared.lock().queue.room_on_disk();
        let found = self
            .directory
            .adopt(room, || self.shared.lock().queue.reserve());
        if found != Contents::default() {
            let drop_ambiguous = self.shared.drops_ambiguous();
            self.shared
                .disk_changed(|state| state.restore(&found, drop_ambiguous));
            self.report.found(&found);
        }
    }

    fn remove(&mut self, place: RequestId) {
        let removed = self.directory.slot().remove(place);
        if removed.is_err() {
            self.stuck.push(place);
        }
        self.report.note(&self.shared, Fault::Remove, removed);
    }

    /// Somebody may have removed the directory, or the lock in it.
    fn ensure_in_place(&mut self) -> io::Result<()> {
        if self.directory.is_in_place() {
            return Ok(());
        }
        let contents = self.directory.reopen().map_err(io::Error::other)?;
        self.shared.disk_changed(|state| {
            let lines = state.queue.compare(&contents.stored);
            state.lose(DropReason::SpoolDamaged, lines);
        });
        Ok(())
    }
}

struct Exit(Arc<Shared>);

impl Drop for Exit {
    fn drop(&mut self) {
        self.0.disk_changed(|state| {
            let lines = state.queue.detach();
            state.lose(DropReason::Shutdown, lines);
        });
    }
}

impl Shared {
    /// Waits for something to do; until then at most.
    fn disk_work(&self, until: Instant) -> Work {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.queue.next_job() {
                return Work::Job(job);
            }
            if state.is_stopped() {
                return Work::End;
            }
            let mut left = until.saturating_duration_since(Instant::now());
            if !state.queue.has_disk() {
                // Not yet: what was found first is restored first.
                left = ROUND;
            } else if left.is_zero() {
                return Work::Round;
            }
            state = self
                .disk
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Waits until all that was enqueued is in the hands of the operating system, so that it
    /// survives this process; but no longer than until then.
    pub(crate) fn wait_for_disk(&self, deadline: Instant) {
        let mut state = self.lock();
        let last = state.queue.last_sequence();
        while !state.queue.is_on_disk(last) {
            let left = deadline.saturating_duration_since(Instant::now());
            state.disk_is_slow |= left.is_zero();
            if state.disk_is_slow {
                return;
            }
            state = self
                .settled
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        state.disk_is_slow = false;
    }

    /// When to stop waiting for the disk.
    pub(crate) fn disk_deadline() -> Instant {
        Instant::now() + WRITE_TIMEOUT
    }
}
