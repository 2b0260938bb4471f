//! The lines that a server received, and how certain its client can be of them.

use std::collections::{HashMap, HashSet};

use dt_metrics::dynatrace::Health;
use dt_metrics_local::Server;
use dt_metrics_local::protocol::{Line, Payload};

use super::program::Calls;

/// Faults by which nothing is accepted, which the client cannot detect.
const UNREAD: [&str; 2] = ["reset-before-reading", "silent-before-reading"];

/// The lines that a server accepted, each line once even if it arrived several times.
#[derive(Debug)]
pub struct Received {
    pub calls: Calls,
    /// Lines that came again.
    pub doubled: u64,
    /// Lines that came after a later one of their series.
    pub late: u64,
}

impl Received {
    /// A line is known by its text: it carries the time of its collection.
    pub fn by(server: &Server) -> Self {
        let mut received = Self {
            calls: Calls::default(),
            doubled: 0,
            late: 0,
        };
        let lines = server.lines();
        let mut seen = HashSet::new();
        let mut newest = HashMap::new();
        for line in &lines {
            if seen.insert(&line.text) {
                received.add(line);
                let series = (&line.key, &line.dimensions);
                let before = newest.insert(series, line.timestamp_ms);
                received.late += u64::from(before > Some(line.timestamp_ms));
            } else {
                received.doubled += 1;
            }
        }
        received
    }

    /// Adds the lines that were finally refused, and never sent again.
    pub fn add_refused(&mut self, server: &Server) {
        let accepted = server.lines();
        let mut seen: HashSet<_> = accepted.iter().map(|line| line.text.clone()).collect();
        for rejected in server.rejected() {
            // Metadata can be refused as well.
            if let Ok(line) = rejected.text.parse::<Line>()
                && seen.insert(rejected.text)
            {
                self.add(&line);
            }
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole numbers"
    )]
    fn add(&mut self, line: &Line) {
        match line.payload {
            Payload::Count { delta } if line.key.starts_with("soak.") => {
                self.calls.counted += delta as u64;
            }
            Payload::Summary { count, .. } => self.calls.timed += count,
            _ => {}
        }
    }
}

/// The lines that may have arrived twice, or may have arrived although they were given up: lines of
/// unanswered requests, as far as these were read.
pub fn doubtful_lines(server: &Server, health: &Health) -> u64 {
    let requests = server.requests();
    let unread = requests
        .iter()
        .filter(|request| request.fault.is_some_and(|fault| UNREAD.contains(&fault)));
    let doubtful = health
        .requests_unanswered
        .saturating_sub(unread.count() as u64);
    // It is unknown which lines they were.
    let mut lines: Vec<_> = requests
        .iter()
        .map(|request| request.lines as u64)
        .collect();
    lines.sort_unstable_by(|a, b| b.cmp(a));
    let doubtful = usize::try_from(doubtful).unwrap();
    lines.iter().take(doubtful).sum()
}
