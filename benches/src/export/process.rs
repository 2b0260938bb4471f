//! The process of an exporter, seen from outside.

use std::env;
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use clap::ValueEnum;

use super::Kind;
use super::client::Cycle;
use crate::sink::Sink;

pub(super) struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    pub(super) cycles: Vec<Cycle>,
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
        })
    }

    /// Has it do one cycle.
    pub(super) fn cycle(&mut self) -> Result<(), Box<dyn Error>> {
        self.input.write_all(b"\n")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        self.cycles.push(line.parse()?);
        Ok(())
    }

    /// The median over all cycles but the first.
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
