//! The cost of a layer for HTTP servers a request: runs the crate next to this one, whose peers
//! nothing else needs.

use std::env;
use std::error::Error;
use std::path::Path;
use std::process::Command;

/// Builds and runs the crate with the optimiser on.
pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("tower/Cargo.toml");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["run", "--quiet", "--release", "--locked", "--manifest-path"]);
    let status = command.arg(manifest).status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("the benchmark of the layers failed: {status}").into())
    }
}
