//! The time that annotations add to `cargo check`, next to another macro on the same functions.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::Instant;

use crate::{Options, Result, cargo, fetch, manifest, package};

/// The annotations that are compared, each with the dependency that a package needs for it.
const CANDIDATES: [&str; 3] = ["", "tracing::instrument(skip_all)", "measured"];

/// Prints a row of a table for the crate: the least of `rounds` checks of each copy, without
/// incremental compilation.
pub fn cost(name: &str, version: Option<&str>, options: &Options, rounds: usize) -> Result<()> {
    let work = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/annotate");
    fs::create_dir_all(&work)?;
    let work = work.canonicalize()?;
    let fetched = fetch::fetch(name, version, &work.join("fetch"))?;
    let target = format!("--target-dir={}", work.join("target").display());

    let mut row = format!("| {name} {}", fetched.version);
    let mut count = 0;
    for (number, candidate) in CANDIDATES.iter().enumerate() {
        let folder = work.join(format!("cost/{name}-{}/{number}", fetched.version));
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        package::copy(&fetched.folder, &folder)?;
        manifest::alone(&folder)?;
        let with = [(*candidate).to_owned()];
        let with = with.into_iter().filter(|with| !with.is_empty()).collect();
        let options = Options {
            with,
            ..options.clone()
        };
        if !options.with.is_empty() {
            count = package::annotate(&folder, &options)?;
        }
        let check = [
            "check",
            "--lib",
            "--config=build.incremental=false",
            &target,
        ];
        let mut least = f64::INFINITY;
        // The first one builds the dependencies.
        for round in 0..=rounds {
            let library = folder.join("src/lib.rs");
            fs::write(&library, fs::read(&library)?)?;
            let began = Clock::now()?;
            let checked = cargo::run(&folder, &check)?;
            if !checked.success {
                return Err(format!("{name} with {candidate:?}:\n{}", checked.stderr).into());
            }
            if round > 0 {
                least = least.min(began.seconds()?);
            }
        }
        write!(row, " | {least:.2}")?;
    }
    println!("{row} | {count} |");
    Ok(())
}

/// Measures seconds. They are CPU time of all processes of a check if the system counts it, since
/// on a busy machine wall-clock time contains other work.
struct Clock {
    cpu: f64,
    began: Instant,
}

impl Clock {
    fn now() -> Result<Self> {
        Ok(Self {
            cpu: cpu_seconds()?.unwrap_or_default(),
            began: Instant::now(),
        })
    }

    fn seconds(&self) -> Result<f64> {
        Ok(cpu_seconds()?.map_or_else(
            || self.began.elapsed().as_secs_f64(),
            |seconds| seconds - self.cpu,
        ))
    }
}

/// The CPU time of all children that have ended, and of their children.
#[cfg(unix)]
#[expect(clippy::cast_precision_loss, reason = "seconds")]
fn cpu_seconds() -> Result<Option<f64>> {
    use nix::sys::resource::{UsageWho, getrusage};

    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let times = [usage.user_time(), usage.system_time()];
    let times = times.map(|time| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6);
    Ok(Some(times.iter().sum()))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "called as the other is")]
fn cpu_seconds() -> Result<Option<f64>> {
    Ok(None)
}
