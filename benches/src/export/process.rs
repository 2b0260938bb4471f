//! One exporter in a process of its own, a cycle for each line of its input; from inside and from
//! outside.

use std::env;
use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::str::FromStr;
use std::time::Instant;

use clap::{Args, ValueEnum};

use super::exporters::Kind;
use crate::alloc;
use crate::sink::Sink;

/// The arguments of an exporter's process.
#[derive(Args)]
pub(crate) struct Client {
    #[arg(long)]
    kind: Kind,
    #[arg(long)]
    url: String,
    #[arg(long)]
    series: usize,
    /// Follow the memory as well.
    #[arg(long)]
    memory: bool,
}

/// The beginning of the line of a process whose export failed.
const FAILED: &str = "failed: ";

/// The cost of a cycle.
#[derive(Clone, Copy)]
pub(super) struct Cycle {
    pub(super) ns: f64,
    /// The most bytes in use at a time, over those before the cycle.
    pub(super) peak: f64,
    /// Bytes in use after it, minus the bytes before the first cycle.
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
            _ => Err(format!("{text:?} is not a cycle").into()),
        }
    }
}

/// Changes all series and exports them, again and again.
pub(crate) fn run(client: &Client) {
    if client.memory {
        alloc::follow();
    }
    let pipeline = client.kind.pipeline(client.series, &client.url);
    // The first changes make the series; they are not part of an export.
    pipeline.change(0);
    let first = alloc::live();
    for (cycle, _) in (1..).zip(io::stdin().lock().lines()) {
        pipeline.change(cycle);
        let before = alloc::live();
        let start = Instant::now();
        let exported = pipeline.export();
        let ns = start.elapsed().as_nanos();
        if let Err(error) = exported {
            println!("{FAILED}{}", error.to_string().replace('\n', " "));
            continue;
        }
        let peak = alloc::peak() - before;
        println!("{ns} {peak} {}", alloc::live() - first);
    }
}

/// The process, seen from outside.
pub(super) struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    pub(super) cycles: Vec<Cycle>,
    /// Why a cycle failed. It is the last one.
    pub(super) failure: Option<String>,
}

impl Process {
    pub(super) fn start(
        kind: Kind,
        sink: &Sink,
        series: usize,
        memory: bool,
    ) -> Result<Self, Box<dyn Error>> {
        let name = kind.to_possible_value().ok_or("a kind has a name")?;
        let mut command = Command::new(env::current_exe()?);
        command
            .args(["export-client", "--kind", name.get_name()])
            .args(["--url", &kind.url(sink)])
            .args(["--series", &series.to_string()])
            .args(memory.then_some("--memory"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn()?;
        Ok(Self {
            input: child.stdin.take().ok_or("no input")?,
            output: BufReader::new(child.stdout.take().ok_or("no output")?),
            child,
            cycles: Vec::new(),
            failure: None,
        })
    }

    /// Has it do one cycle, unless one has failed.
    pub(super) fn cycle(&mut self) -> Result<(), Box<dyn Error>> {
        if self.failure.is_some() {
            return Ok(());
        }
        self.input.write_all(b"\n")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        match line.trim().strip_prefix(FAILED) {
            Some(reason) => self.failure = Some(reason.to_owned()),
            None => self.cycles.push(line.parse()?),
        }
        Ok(())
    }

    /// The median over all cycles except the first one.
    pub(super) fn median(&self, of: impl Fn(&Cycle) -> f64) -> f64 {
        let mut values: Vec<f64> = self.cycles.iter().skip(1).map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    }

    pub(super) fn first(&self, of: impl Fn(&Cycle) -> f64) -> f64 {
        self.cycles.first().map_or(f64::NAN, of)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It would otherwise end with its input, after a flush that is of no interest.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
