//! The generated workspace, and its builds.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, io};

use tempfile::TempDir;

use super::source::{Candidate, source};

/// The number in the function that changes, before any change; each change adds to it, so that it
/// stays as long as it is.
const EDITS: usize = 1_000_000;

/// A folder with a package for each candidate, removed at the end.
pub(super) struct Workspace {
    folder: TempDir,
    functions: usize,
}

impl Workspace {
    /// Writes the packages. They use the versions that this workspace has locked.
    pub(super) fn generate(candidates: &[Candidate], functions: usize) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let checkout = checkout();
        let packages: Vec<_> = candidates.iter().map(|c| c.package()).collect();
        fs::write(
            folder.path().join("Cargo.toml"),
            format!(
                "[workspace]\nresolver = \"3\"\nmembers = {packages:?}\n\n\
                 [profile.whole]\ninherits = \"dev\"\nincremental = false\n"
            ),
        )?;
        fs::copy(
            checkout.join("Cargo.lock"),
            folder.path().join("Cargo.lock"),
        )?;
        let workspace = Self { folder, functions };
        let library = checkout.join("dt-metrics");
        for candidate in candidates {
            let package = workspace.folder.path().join(candidate.package());
            fs::create_dir_all(package.join("src"))?;
            let name = candidate.package();
            let dependencies = candidate.dependencies(&library.to_string_lossy());
            fs::write(
                package.join("Cargo.toml"),
                format!(
                    "[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
                     [dependencies]\n{dependencies}"
                ),
            )?;
            // Empty, until the dependencies are there.
            fs::write(package.join("src/lib.rs"), "")?;
        }
        Ok(workspace)
    }

    /// Builds the dependencies in both profiles, the dependencies of each package separately, as in
    /// the measured builds: together they would use other features. Then writes the sources.
    pub(super) fn build_dependencies(&self, candidates: &[Candidate]) -> io::Result<()> {
        for candidate in candidates.iter().copied() {
            for profile in ["whole", "dev"] {
                self.cargo(&[
                    "build",
                    "--package",
                    candidate.package(),
                    "--profile",
                    profile,
                ])?;
            }
            self.write(candidate, EDITS)?;
        }
        Ok(())
    }

    /// Builds one package from nothing, without incremental compilation; see [`MEANS`].
    pub(super) fn clean(&self, candidate: Candidate) -> io::Result<f64> {
        let package = candidate.package();
        self.cargo(&["clean", "--package", package, "--profile", "whole"])?;
        self.cargo(&["build", "--package", package, "--profile", "whole"])
    }

    /// Builds one package after one line of one function has changed; see
    /// [`MEANS`].
    pub(super) fn incremental(&self, candidate: Candidate, round: usize) -> io::Result<f64> {
        self.cargo(&["build", "--package", candidate.package()])?;
        self.write(candidate, EDITS + round)?;
        self.cargo(&["build", "--package", candidate.package()])
    }

    fn write(&self, candidate: Candidate, edit: usize) -> io::Result<()> {
        fs::write(
            self.folder
                .path()
                .join(candidate.package())
                .join("src/lib.rs"),
            source(candidate, self.functions, edit),
        )
    }

    /// Runs cargo in the folder; see [`MEANS`].
    fn cargo(&self, arguments: &[&str]) -> io::Result<f64> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("CARGO_TARGET_DIR", self.folder.path().join("target"))
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_INCREMENTAL")
            .stdin(Stdio::null());
        let (time, output) = cpu_time(|| command.output())?;
        if output.status.success() {
            return Ok(time);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(io::Error::other(format!("cargo {arguments:?}:\n{said}")))
    }
}

/// The checkout that this program was built from.
fn checkout() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// The unit in which builds are measured.
pub(super) const MEANS: &str = if cfg!(unix) {
    "seconds of CPU time of all processes of a build"
} else {
    "seconds by the clock"
};

/// The seconds that the children of `run` took. CPU time if the system reports it: on a busy
/// machine, wall-clock time also contains other work.
#[cfg(unix)]
fn cpu_time<T>(run: impl FnOnce() -> io::Result<T>) -> io::Result<(f64, T)> {
    let start = cpu_seconds()?;
    let value = run()?;
    Ok((cpu_seconds()? - start, value))
}

/// The CPU time of all children that have ended and were waited for, and of their children.
#[cfg(unix)]
fn cpu_seconds() -> io::Result<f64> {
    use nix::sys::resource::{UsageWho, getrusage};

    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let times = [usage.user_time(), usage.system_time()];
    Ok(times
        .map(|t| t.tv_sec() as f64 + t.tv_usec() as f64 / 1e6)
        .iter()
        .sum())
}

#[cfg(not(unix))]
fn cpu_time<T>(run: impl FnOnce() -> io::Result<T>) -> io::Result<(f64, T)> {
    let start = std::time::Instant::now();
    let value = run()?;
    Ok((start.elapsed().as_secs_f64(), value))
}
