//! One exporter in a process of its own, a cycle for each line of its input.

use std::error::Error;
use std::io::{self, BufRead};
use std::str::FromStr;
use std::time::Instant;

use clap::Args;

use super::Kind;
use crate::alloc;

/// What the process is told.
#[derive(Args)]
pub(crate) struct Client {
    #[arg(long)]
    kind: Kind,
    #[arg(long)]
    url: String,
    #[arg(long)]
    series: usize,
    /// Follow the memory, too.
    #[arg(long)]
    memory: bool,
}

/// What a cycle cost.
#[derive(Clone, Copy)]
pub(super) struct Cycle {
    pub(super) ns: f64,
    /// The most bytes in use at a time, over those before the cycle.
    pub(super) peak: f64,
    /// Bytes in use after it, over those before the first.
    pub(super) kept: f64,
}

impl FromStr for Cycle {
    type Err = Box<dyn Error>;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers: Vec<f64> = text
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        match numbers[..] {
            [ns, peak, kept] => Ok(Self { ns, peak, kept }),
            _ => Err(format!("{text:?} is no cycle").into()),
        }
    }
}

/// Changes all series and exports them, again and again.
pub(crate) fn run(client: &Client) {
    if client.memory {
        alloc::follow();
    }
    let pipeline = client.kind.pipeline(client.series, &client.url);
    // The first changes make the series; they are no part of an export.
    pipeline.change(0);
    let first = alloc::live();
    for (cycle, _) in (1..).zip(io::stdin().lock().lines()) {
        pipeline.change(cycle);
        let before = alloc::live();
        let start = Instant::now();
        pipeline.export();
        let ns = start.elapsed().as_nanos();
        let peak = alloc::peak() - before;
        println!("{ns} {peak} {}", alloc::live() - first);
    }
}
