//! How many instructions a call takes, counted by Valgrind: every run has the same result, so it
//! shows small changes that a clock cannot resolve.

use std::error::Error;
use std::hint::black_box;
use std::io::ErrorKind;
use std::process::{Command, Output};
use std::{env, io};

use crate::hotpath::names::Loop;
use crate::hotpath::{floor, ours};
use crate::report;

/// Calls of the shorter of two runs; the longer makes twice as many, and their difference is the
/// cost of these calls.
const CALLS: u32 = 100_000;

/// The base cost without annotation: the loop, the call, the return.
#[inline(never)]
fn nothing() {
    black_box(());
}

/// The calls, each of which is repeated in a loop.
pub(crate) fn loops() -> impl Iterator<Item = Loop> {
    let nothing: Loop = ("a function without annotation", |calls| {
        for _ in 0..calls {
            nothing();
        }
    });
    [nothing]
        .into_iter()
        .chain(floor::UNCALIBRATED)
        .chain(ours::LOOPS)
        .chain(ours::RESULTS)
}

/// Counts and prints the table.
pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let installed = Command::new("valgrind").arg("--version").output();
    let version = match installed {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("Valgrind is not installed, and it counts the instructions: nothing to show.");
            return Ok(());
        }
        other => String::from_utf8(other?.stdout)?,
    };
    println!("instructions a call, {} callgrind\n", version.trim());
    let mut table = report::table(["call", "instructions", "above no annotation"]);
    let mut nothing = None;
    for (number, (name, _)) in loops().enumerate() {
        let once = counted(number, CALLS)?;
        let twice = counted(number, 2 * CALLS)?;
        let each = twice.saturating_sub(once) as f64 / f64::from(CALLS);
        let above = each - *nothing.get_or_insert(each);
        table.add_row([name, &format!("{each:.1}"), &format!("{above:.1}")]);
    }
    println!("{table}");
    Ok(())
}

/// The work of the child.
pub(crate) fn call(number: usize, calls: u32) {
    if let Some((_, repeat)) = loops().nth(number) {
        repeat(calls);
    }
}

/// The instructions of a run of this program that makes these calls.
fn counted(number: usize, calls: u32) -> io::Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe()?)
        .args(["call", &number.to_string(), &calls.to_string()])
        .output()?;
    collected(&output).ok_or_else(|| {
        let said = String::from_utf8_lossy(&output.stderr);
        io::Error::other(format!("the output of valgrind has no count:\n{said}"))
    })
}

/// Callgrind ends with `==1234== Collected : 5678`.
fn collected(output: &Output) -> Option<u64> {
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().rev().find(|line| line.contains("Collected"))?;
    line.rsplit(' ').next()?.parse().ok()
}
