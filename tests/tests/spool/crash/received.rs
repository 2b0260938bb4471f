//! The requests that the endpoint accepted.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use dt_metrics_local::protocol::{Line, Payload};
use dt_metrics_local::{Event, Server};

use super::counters;

/// Records each request from now on, until the server is dropped.
pub struct Recorder {
    requests: JoinHandle<Vec<Vec<Arc<Line>>>>,
}

/// What the endpoint accepted: a request that came twice is counted once.
#[derive(Debug, Default)]
pub struct Received {
    /// Counts, numbers of values and sums, by their place in the ledger.
    pub counts: Vec<u64>,
    pub of_successor: u64,
    /// Requests that came again.
    pub doubled: usize,
    /// Of the lines of dead processes, in milliseconds since 1970.
    pub times: Option<(i64, i64)>,
}

impl Recorder {
    pub fn start(server: &Server) -> Self {
        let events = server.subscribe();
        let requests = thread::spawn(move || {
            let (mut requests, mut lines) = (Vec::new(), Vec::new());
            for event in events {
                match event {
                    // The lines of a request are in front of it.
                    Event::Line(line) => lines.push(line),
                    Event::Request(_) => requests.push(std::mem::take(&mut lines)),
                    _ => {}
                }
            }
            requests
        });
        Self { requests }
    }

    /// Ends the server.
    pub fn end(self, server: Server) -> Received {
        assert_eq!(server.rejected(), []);
        assert_eq!(server.totals().events_missed, 0);
        drop(server);
        let counters = counters::all().into_iter().zip(0..);
        let mut places: Places = counters
            .map(|(series, count)| (series, (count, None)))
            .collect();
        places.extend(counters::distributions().into_iter().map(|it| {
            let series = (it.key, it.dimensions);
            (series, (it.count, it.sum))
        }));
        let mut received = Received {
            counts: vec![0; counters::NUMBER],
            ..Received::default()
        };
        let mut seen = HashSet::new();
        for lines in self.requests.join().unwrap() {
            let texts: Vec<_> = lines.iter().map(|line| line.text.clone()).collect();
            if lines.is_empty() {
                continue;
            }
            if seen.insert(texts) {
                for line in &lines {
                    received.add(line, &places);
                }
            } else {
                received.doubled += 1;
            }
        }
        received
    }
}

/// For each series, the place of its counts or of the number of its values, and the place of their sum.
type Places = BTreeMap<(&'static str, Vec<(&'static str, String)>), (usize, Option<usize>)>;

impl Received {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole numbers"
    )]
    fn add(&mut self, line: &Line, places: &Places) {
        if !line.key.starts_with("crash.") {
            return;
        }
        let (delta, sum) = match line.payload {
            Payload::Count { delta } => (delta, None),
            Payload::Summary {
                min,
                max,
                sum,
                count,
            } => {
                let is_in_range = min <= max && min > 0.0 && sum >= max;
                assert!(is_in_range, "{}", line.text);
                (count as f64, Some((min, max, sum)))
            }
            _ => return,
        };
        assert!(delta >= 1.0 && delta.fract() == 0.0, "{}", line.text);
        let delta = delta as u64;
        if line.key == "crash.successor" {
            self.of_successor += delta;
            return;
        }
        let time = line.timestamp_ms.expect("a recovered line has a time");
        let (first, last) = self.times.unwrap_or((time, time));
        self.times = Some((first.min(time), last.max(time)));
        let place = places.iter().find(|((key, dimensions), _)| {
            const OWN: [&str; 7] = [
                "cache", "kind", "outcome", "region", "route", "shard", "size",
            ];
            let own = line
                .dimensions
                .iter()
                .filter(|(key, _)| OWN.contains(&key.as_str()));
            *key == line.key
                && own.count() == dimensions.len()
                && dimensions
                    .iter()
                    .all(|(key, value)| line.dimension(key) == Some(value))
        });
        let (_, (place, sum_place)) =
            place.unwrap_or_else(|| panic!("unknown series: {}", line.text));
        self.counts[*place] += delta;
        if let (Some(place), Some((min, max, sum))) = (sum_place, sum) {
            let is_known = [min, max, sum].iter().all(|number| number.fract() == 0.0);
            assert!(is_known && min >= 1.0, "{}", line.text);
            assert!(max <= counters::LARGEST_VALUE as f64, "{}", line.text);
            self.counts[*place] += sum as u64;
        }
    }
}
