//! A process of the fleet, seen from outside.

use std::process::{Child, Command, Stdio};
use std::{env, io};

use super::Options;
use super::usage::Usage;

pub(super) struct Process(Child);

impl Process {
    pub(super) fn start(url: &str, options: &Options) -> io::Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        command
            .args(["fleet-member", "--url", url])
            .args(["--series", &options.series.to_string()])
            .args(["--interval", &options.interval.to_string()])
            .args(options.otlp.then_some("--otlp"))
            .stdin(Stdio::piped());
        command.spawn().map(Self)
    }

    pub(super) fn usage(&self) -> io::Result<Usage> {
        Usage::of(self.0.id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // What it would still deliver is of no interest.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
