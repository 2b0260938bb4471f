//! The requests of many processes, and their cost for the processes and the endpoint: real
//! processes, each with the library installed, against one local endpoint.

mod member;
mod process;
mod spread;

use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

use dt_metrics_local::Server;
use dt_metrics_local::store::{Limits, Totals};

use self::process::{Process, Usage, connections};
use crate::measure::median;
use crate::report;

pub(crate) use self::member::{Member, run as run_member};
pub(crate) use self::process::Options;

/// Requests whose times are kept.
const REQUESTS: usize = 1_000_000;

/// The numbers at one moment.
struct Reading {
    at: Instant,
    totals: Totals,
    server: Usage,
    processes: Vec<Usage>,
}

/// Starts the processes, waits, measures, prints the tables.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    if !cfg!(target_os = "linux") {
        println!("Time and memory of processes are read from `/proc`, which only Linux has.");
        return Ok(());
    }
    let interval = Duration::from_secs(options.interval);
    let limits = Limits::default().lines(1_000).requests(REQUESTS);
    let server = Server::builder().limits(limits).start()?;
    println!(
        "{} processes, {} series each, a push every {} s{}",
        options.processes,
        options.series,
        options.interval,
        if options.otlp { ", over OTLP" } else { "" }
    );
    let start = |url: &str| Process::start(url, options);
    let bare = start("")?;
    let processes = (0..options.processes)
        .map(|_| start(&server.url()))
        .collect::<Result<Vec<_>, _>>()?;
    // Each has pushed once, so that content of the first push only, such as metadata, is not
    // included.
    thread::sleep(interval * 2);

    let before = read(&server, &processes)?;
    let idle = bare.usage()?;
    thread::sleep(Duration::from_secs(options.seconds));
    let after = read(&server, &processes)?;
    let bare = (idle, bare.usage()?);
    let connections = connections(server.address().port())?;

    println!("\n{}\n", sent(options, &before, &after, connections));
    println!("{}\n", cost(&before, &after, &bare));
    let requests = server.requests();
    spread::print(&requests, before.totals.requests, interval);
    if let Some(line) = server
        .lines()
        .into_iter()
        .find(|line| line.key.contains("calls"))
    {
        println!("\na line: {line}");
    }
    drop(processes);
    Ok(())
}

fn read(server: &Server, processes: &[Process]) -> Result<Reading, Box<dyn Error>> {
    Ok(Reading {
        at: Instant::now(),
        totals: server.totals(),
        server: Usage::of(std::process::id())?,
        processes: processes
            .iter()
            .map(Process::usage)
            .collect::<Result<_, _>>()?,
    })
}

/// The received data.
fn sent(options: &Options, before: &Reading, after: &Reading, connections: usize) -> String {
    let seconds = (after.at - before.at).as_secs_f64();
    let since = |of: fn(&Totals) -> u64| (of(&after.totals) - of(&before.totals)) as f64;
    let lines = since(|totals| totals.lines);
    let requests = since(|totals| totals.requests);
    let bytes = since(|totals| totals.bytes);
    let refused = after.totals.rejected;
    let not_taken = after.totals.requests - after.totals.requests_accepted;
    let mut table = report::table(["what arrived", "in all", "a process"]);
    let processes = options.processes as f64;
    let mut row = |name: &str, value: f64, digits: usize| {
        let each = value / processes;
        table.add_row([
            name.to_owned(),
            format!("{value:.digits$}"),
            format!("{each:.2}"),
        ]);
    };
    row("lines a second", lines / seconds, 0);
    row("lines a minute", lines / seconds * 60.0, 0);
    row("requests a second", requests / seconds, 1);
    row("kB a second", bytes / seconds / 1e3, 1);
    row("connections", connections as f64, 0);
    format!(
        "{table}\n{:.1} lines a request, {:.0} bytes a line; {refused} lines refused, {not_taken} \
         requests not taken",
        lines / requests,
        bytes / lines
    )
}

/// The cost.
fn cost(before: &Reading, after: &Reading, bare: &(Usage, Usage)) -> String {
    let minutes = (after.at - before.at).as_secs_f64() / 60.0;
    let cpu = |before: &Usage, after: &Usage| {
        after.cpu.saturating_sub(before.cpu).as_secs_f64() * 1e3 / minutes
    };
    let cpus: Vec<_> = before
        .processes
        .iter()
        .zip(&after.processes)
        .map(|(before, after)| cpu(before, after))
        .collect();
    let all = |of: fn(&Usage) -> u64| -> Vec<f64> {
        after
            .processes
            .iter()
            .map(|usage| of(usage) as f64 / 1e6)
            .collect()
    };
    let mut table = report::table([
        "process",
        "CPU, ms per minute",
        "share of a core",
        "resident MB",
        "private MB",
    ]);
    let mut row = |name: &str, cpu: f64, resident: f64, own: f64| {
        table.add_row([
            name.to_owned(),
            format!("{cpu:.1}"),
            format!("{:.3} %", cpu / 600.0),
            format!("{resident:.1}"),
            format!("{own:.1}"),
        ]);
    };
    row(
        "a process (median)",
        median(&cpus),
        median(&all(|usage| usage.resident)),
        median(&all(|usage| usage.own)),
    );
    row(
        "one process without `install`",
        cpu(&bare.0, &bare.1),
        bare.1.resident as f64 / 1e6,
        bare.1.own as f64 / 1e6,
    );
    row(
        "the endpoint",
        cpu(&before.server, &after.server),
        after.server.resident as f64 / 1e6,
        after.server.own as f64 / 1e6,
    );
    table.to_string()
}
