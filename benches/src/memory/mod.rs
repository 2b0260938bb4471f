//! How much memory stays in use: per instrument, per series, per thread.

mod scenario;

use std::env;
use std::error::Error;
use std::path::PathBuf;
use std::process::Command;

use crate::child::resident_bytes;
use crate::measure::median;
use crate::report::{self, Targets};

pub(crate) use self::scenario::Scenario;

/// Runs of each program; the median counts, since allocators round as they like.
const RUNS: usize = 5;

/// Instruments of the program that has many, as `programs/many_instruments.rs` makes them.
const INSTRUMENTS: u32 = 1_000;

/// Bytes in a megabyte.
const MB: f64 = 1e6;

/// Measures and prints the tables.
pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    if !cfg!(target_os = "linux") {
        println!("Resident memory is read from `/proc`, which only Linux has: nothing to show.");
        return Ok(());
    }
    println!("building the programs with one and with many instruments");
    let programs = build_programs()?;
    let mut table = report::table(["one more", "nothing installed, bytes", "installed, bytes"]);

    let instruments = |installed: &str| -> Result<f64, Box<dyn Error>> {
        let many = resident(|| Command::new(&programs.many), &[installed])?;
        let one = resident(|| Command::new(&programs.one), &[installed])?;
        Ok(many - one)
    };
    let (bare, installed) = (instruments("")?, instruments("installed")?);
    let each = |bytes: f64| format!("{:.0}", bytes / f64::from(INSTRUMENTS - 1));
    table.add_row([
        format!("instrument with two literal dimensions, used once, of {INSTRUMENTS}"),
        each(bare),
        each(installed),
    ]);
    for scenario in Scenario::ALL {
        let growth = |installed| scenario_growth(scenario, scenario.count(), installed);
        let each = |bytes: f64| format!("{:.0}", bytes / f64::from(scenario.count() - 1));
        let bare = if scenario.needs_pipeline() {
            String::from("-")
        } else {
            each(growth("")?)
        };
        table.add_row([scenario.label(), bare, each(growth("installed")?)]);
    }
    println!(
        "{table}\n\"installed\": metrics are installed and were collected once, by a reader whose \
         exporter discards them. Each series was measured once, by one thread.\n"
    );

    let mut targets = Targets::default();
    targets.at_most(
        &format!("{INSTRUMENTS} static instruments installed and collected once, MB"),
        "24 above the same program with one",
        installed / MB,
        24.0,
    );
    targets.print();
    let million = scenario_growth(Scenario::LimitedSeries, 1_000_000, "installed")?;
    println!(
        "\na million combinations through one counter with the default limit: {:.2} MB",
        million / MB
    );
    Ok(())
}

/// The program as a child process: prints its memory in use, without the pages of its code. Their number depends on the
/// system's cache of files.
pub(crate) fn child(scenario: Scenario, count: u32, installed: bool) -> Result<(), Box<dyn Error>> {
    let kept = scenario.enact(count, installed)?;
    println!("{}", resident_bytes("Anonymous")?);
    drop(kept);
    Ok(())
}

/// How much more is in use with `count` than with one: the first use makes objects that all share.
fn scenario_growth(scenario: Scenario, count: u32, installed: &str) -> Result<f64, Box<dyn Error>> {
    let this = env::current_exe()?;
    let with = |count: u32| {
        let command = || {
            let mut command = Command::new(&this);
            command.arg("resident").arg(scenario.name());
            command
        };
        let installed = if installed.is_empty() {
            "false"
        } else {
            "true"
        };
        resident(command, &[&count.to_string(), installed])
    };
    Ok(with(count)? - with(1)?)
}

/// The bytes in use that a program prints.
fn resident(command: impl Fn() -> Command, arguments: &[&str]) -> Result<f64, Box<dyn Error>> {
    let mut bytes = Vec::new();
    for _ in 0..RUNS {
        let output = command().args(arguments).output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        let number = said.trim().parse::<f64>().map_err(|_| {
            let complaint = String::from_utf8_lossy(&output.stderr);
            format!("the child printed {said:?} and {complaint}")
        })?;
        bytes.push(number);
    }
    Ok(median(&bytes))
}

struct Programs {
    one: PathBuf,
    many: PathBuf,
}

/// Builds two programs that differ in their instruments only. They are not built with the
/// workspace: a thousand annotated functions would cost everybody time.
fn build_programs() -> Result<Programs, Box<dyn Error>> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["build", "--quiet", "--features", "programs"])
        .args(["--bin", "one-instrument", "--bin", "many-instruments"]);
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    if !build.status()?.success() {
        return Err("the programs were not built".into());
    }
    let this = env::current_exe()?;
    Ok(Programs {
        one: this.with_file_name("one-instrument"),
        many: this.with_file_name("many-instruments"),
    })
}
