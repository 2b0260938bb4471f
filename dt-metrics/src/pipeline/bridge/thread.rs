//! The bridge's own thread, where instruments are made, values taken out and pushes begun.

use std::io;
use std::sync::Arc;
use std::thread::Thread;
use std::time::Instant;

use super::collect::{Command, Feed};
use super::mailbox::Mailbox;
use super::observed::pool::warn_late;
use super::streams::Meters;
use crate::descriptor::Kind;
use crate::instrument::calibrate;
use crate::pipeline::schedule::Schedule;
use crate::registry::catalog;
use crate::thread;

/// Starts the thread. With a schedule it also pushes: unless a reader `carries` the callback, it
/// collects, and it flushes the provider if the [pushes](Feed::pushes) are the bridge's.
pub(super) fn spawn(
    mut meters: Meters,
    feed: Arc<Feed>,
    commands: Mailbox<Command>,
    mut schedule: Option<Schedule>,
    carried: bool,
) -> io::Result<Thread> {
    let run = move || {
        let commands = commands.open();
        while feed.is_active() {
            feed.run_at_wake();
            let Some(command) = commands.next() else {
                let pause = schedule
                    .as_ref()
                    .map(|schedule| schedule.pause(Instant::now()));
                if pause.is_none_or(|pause| !pause.is_zero()) {
                    commands.wait(pause);
                    continue;
                }
                feed.create_missing(&mut meters);
                if !carried {
                    feed.collect();
                }
                if feed.pushes() {
                    // A failed collection is logged where it failed, and a failed delivery by the
                    // exporter.
                    drop(meters.provider().force_flush());
                }
                if let Some(schedule) = &mut schedule {
                    schedule.pushed(Instant::now());
                }
                continue;
            };
            match command {
                Command::Prepare(reply) => {
                    feed.create_missing(&mut meters);
                    if !carried {
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
        while let Some(command) = commands.next() {
            if let Command::WarnLate(late) = command {
                late.into_iter().for_each(warn_late);
            }
        }
    };
    let started = thread::spawn("dt-metrics-bridge", run)?;
    Ok(started.thread().clone())
}

/// Makes timers cheaper after some milliseconds, if the program has any. If that fails, they keep
/// the slower clock.
pub(super) fn calibrate_clock() {
    if catalog().iter().any(|d| d.kind == Kind::Histogram) {
        drop(thread::spawn("dt-metrics-clock", calibrate));
    }
}
