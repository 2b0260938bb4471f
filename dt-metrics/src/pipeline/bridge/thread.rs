//! The bridge's own thread, where instruments are made and values taken out.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::collect::{Command, Feed};
use super::observed::pool::warn_late;
use super::streams::Meters;
use crate::descriptor::Kind;
use crate::instrument::calibrate;
use crate::registry::catalog;
use crate::thread;

/// The capacity for commands. The memory is allocated beforehand, since threads that record must not
/// allocate. There are never more than a few.
pub(super) const COMMANDS: usize = 64;

/// Starts the thread. With an interval it also collects, once each interval.
pub(super) fn spawn(
    mut meters: Meters,
    feed: Arc<Feed>,
    commands: Receiver<Command>,
    interval: Option<Duration>,
) -> io::Result<()> {
    let run = move || {
        while feed.is_active() {
            let command = match interval {
                Some(interval) => match commands.recv_timeout(interval) {
                    Err(RecvTimeoutError::Timeout) => Command::Prepare(None),
                    Err(RecvTimeoutError::Disconnected) => return,
                    Ok(command) => command,
                },
                None => match commands.recv() {
                    Ok(command) => command,
                    Err(_) => return,
                },
            };
            match command {
                Command::Prepare(reply) => {
                    feed.create_missing(&mut meters);
                    if interval.is_some() {
                        feed.collect();
                    }
                    if let Some(reply) = reply {
                        // Nobody receives it any more if the caller's time was up.
                        reply.send(()).ok();
                    }
                }
                Command::TakeValues => feed.collect_values(),
                Command::WarnLate(late) => late.into_iter().for_each(warn_late),
                Command::Stop => break,
            }
        }
        // Each warning is sent once, so it is logged even if the bridge has stopped meanwhile.
        for command in commands.try_iter() {
            if let Command::WarnLate(late) = command {
                late.into_iter().for_each(warn_late);
            }
        }
    };
    thread::spawn("dt-metrics-bridge", run).map(drop)
}

/// Makes timers cheaper after some milliseconds, if the program has any. If that fails, they keep
/// the slower clock.
pub(super) fn calibrate_clock() {
    if catalog().iter().any(|d| d.kind == Kind::Histogram) {
        drop(thread::spawn("dt-metrics-clock", calibrate));
    }
}
