//! The program of a process of the fleet: a service with calls, durations and gauges.

use std::error::Error;
use std::io::{self, Read};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use clap::Args;
use dt_metrics::{count, gauge, record};

#[derive(Args)]
pub(crate) struct Member {
    /// Where to send; nothing is installed without it.
    #[arg(long, default_value = "")]
    url: String,
    #[arg(long)]
    series: usize,
    #[arg(long)]
    interval: u64,
    #[arg(long)]
    otlp: bool,
}

/// How often each series moves in an interval.
const MOVES: u32 = 10;

const OUTCOMES: [&str; 2] = ["ok", "err"];

/// Runs until its input ends.
pub(crate) fn run(member: &Member) -> Result<(), Box<dyn Error>> {
    let interval = Duration::from_secs(member.interval);
    let install = || {
        let builder = dt_metrics::builder()
            .endpoint(&member.url)
            .prefix("fleet")
            .service_name("checkout")
            .default_dimension("environment", "production")
            .instance_dimension(true)
            .push_interval(interval);
        if member.otlp {
            builder.otlp().install()
        } else {
            builder.install()
        }
    };
    let metrics = (!member.url.is_empty()).then(install).transpose()?;
    let (ended, input) = mpsc::channel::<()>();
    thread::spawn(move || {
        let _ = io::stdin().read(&mut [0]);
        drop(ended);
    });
    let routes: Vec<_> = (0..member.series.div_ceil(5))
        .map(|route| format!("/api/v1/resource-{route}"))
        .collect();
    while input.recv_timeout(interval / MOVES) == Err(RecvTimeoutError::Timeout) {
        serve(&routes, member.series);
    }
    if let Some(metrics) = metrics {
        metrics.shutdown(Duration::from_secs(10))?;
    }
    Ok(())
}

/// A call of each kind on each route, until all series have changed. Per five series, two are calls
/// and two are durations by outcome, and one is a gauge, as for a measured function.
fn serve(routes: &[String], series: usize) {
    for number in 0..series {
        let (route, outcome) = (&*routes[number / 5], OUTCOMES[number % 2]);
        match number % 5 {
            0 | 1 => count!("http.calls", dims(http.route = route, outcome = outcome)),
            2 | 3 => record!(
                "http.duration",
                0.012_345,
                unit = "s",
                dims(http.route = route, outcome = outcome)
            ),
            _ => gauge!("http.in_flight", number, dims(http.route = route)),
        }
    }
}
