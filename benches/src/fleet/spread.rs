//! How pushes lie in time.

use std::time::{Duration, UNIX_EPOCH};

use dt_metrics_local::Request;

use crate::measure::median;
use crate::report;

const PARTS: usize = 10;

/// Prints how the requests after the first `seen` spread over the interval, and how long they took.
pub(super) fn print(requests: &[Request], seen: u64, interval: Duration) {
    let seen = usize::try_from(seen).unwrap_or(usize::MAX);
    let requests = requests.get(seen..).unwrap_or_default();
    let mut parts = [0_u32; PARTS];
    let mut seconds = Vec::<u32>::new();
    let Some(first) = requests.first().map(|request| request.received_at) else {
        println!("no request came");
        return;
    };
    for request in requests {
        let at = request
            .received_at
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let into = at.as_nanos() % interval.as_nanos();
        let part = into * PARTS as u128 / interval.as_nanos();
        parts[usize::try_from(part).unwrap_or(0)] += 1;
        let second = request
            .received_at
            .duration_since(first)
            .unwrap_or_default();
        let second = usize::try_from(second.as_secs()).unwrap_or(0);
        seconds.resize(seconds.len().max(second + 1), 0);
        seconds[second] += 1;
    }
    let mut table = report::table(["tenth of the interval", "share of the requests"]);
    for (part, count) in parts.iter().enumerate() {
        let share = f64::from(*count) * 100.0 / requests.len() as f64;
        table.add_row([format!("{}", part + 1), format!("{share:.1} %")]);
    }
    println!("{table}");
    let mean = requests.len() as f64 / seconds.len() as f64;
    let most = f64::from(seconds.iter().copied().max().unwrap_or(0));
    let mut took: Vec<_> = requests
        .iter()
        .map(|request| request.took.as_secs_f64() * 1e3)
        .collect();
    took.sort_by(f64::total_cmp);
    println!(
        "most requests in a second: {most:.0}, {:.1} times the mean; a request took {:.2} ms \
         (median), {:.2} ms (99 of 100)",
        most / mean,
        median(&took),
        took[took.len() * 99 / 100]
    );
}
