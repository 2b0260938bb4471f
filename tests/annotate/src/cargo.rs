//! Runs of cargo.

use std::env;
use std::path::Path;
use std::process::Command;

use crate::Result;

/// The output of a run.
pub struct Output {
    pub success: bool,
    pub stdout: String,
    pub stderr: String,
}

/// Runs cargo in `folder`, as from there: nothing that this run was given reaches it.
pub fn run<A: AsRef<str>>(folder: &Path, arguments: &[A]) -> Result<Output> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(folder);
    command.args(arguments.iter().map(AsRef::as_ref));
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        }) {
            command.env_remove(name);
        }
    }
    command.env("CARGO_TERM_COLOR", "never");
    let output = command.output()?;
    Ok(Output {
        success: output.status.success(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}
