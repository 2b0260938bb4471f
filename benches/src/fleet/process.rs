//! A process of the fleet, seen from outside: its time and its memory, as Linux reports them.

use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, fs, io};

use clap::Args;

/// The program of the process, and its duration.
#[derive(Args)]
pub(crate) struct Options {
    /// How many processes run.
    #[arg(long, default_value_t = 200)]
    pub(super) processes: usize,
    /// How many series move in each of them between two pushes.
    #[arg(long, default_value_t = 200)]
    pub(super) series: usize,
    /// Seconds between two pushes of a process.
    #[arg(long, default_value_t = 10)]
    pub(super) interval: u64,
    /// For how many seconds it is measured, after each process has pushed once.
    #[arg(long, default_value_t = 60)]
    pub(super) seconds: u64,
    /// Over OTLP instead of metric lines.
    #[arg(long)]
    pub(super) otlp: bool,
}

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
        // Its pending data does not matter.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The CPU time that a process has used so far, and its memory now.
pub(super) struct Usage {
    /// Time that its threads ran.
    pub(super) cpu: Duration,
    /// Bytes in memory.
    pub(super) resident: u64,
    /// Bytes in memory that no other process shares.
    pub(super) own: u64,
}

impl Usage {
    pub(super) fn of(process: u32) -> io::Result<Self> {
        let mut cpu = Duration::ZERO;
        for task in fs::read_dir(format!("/proc/{process}/task"))? {
            // A thread may end meanwhile.
            let text = fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
            let ran = text.split(' ').next().and_then(|ran| ran.parse().ok());
            cpu += Duration::from_nanos(ran.unwrap_or_default());
        }
        let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
        let kilobytes = |name: &str| -> u64 {
            let line = rollup.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
            number.and_then(|number| number.parse().ok()).unwrap_or(0)
        };
        Ok(Self {
            cpu,
            resident: kilobytes("Rss:") * 1024,
            own: (kilobytes("Private_Clean:") + kilobytes("Private_Dirty:")) * 1024,
        })
    }
}

/// Connections that are open to this port of this host.
pub(super) fn connections(port: u16) -> io::Result<usize> {
    const ESTABLISHED: &str = "01";
    let table = fs::read_to_string("/proc/net/tcp")?;
    let local = format!(":{port:04X}");
    let open = table.lines().filter(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let at_port = fields
            .next()
            .is_some_and(|address| address.ends_with(&local));
        at_port && fields.nth(1) == Some(ESTABLISHED)
    });
    Ok(open.count())
}
