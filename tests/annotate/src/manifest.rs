//! The manifest of the crate that is annotated.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;

/// The folder of the library that annotations come from.
fn library() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dt-metrics")
}

/// Makes the package a workspace of its own, wherever it is.
pub fn alone(folder: &Path) -> Result<()> {
    append(folder, "workspace", "\n[workspace]\n")
}

/// Adds the light core of the library, or `tracing`, to the package's dependencies.
pub fn depend(folder: &Path, on_tracing: bool) -> Result<()> {
    if on_tracing {
        return depend_on_tracing(folder);
    }
    let library = library().canonicalize()?;
    // A literal string: a path may have backslashes.
    let text = format!(
        "\n[dependencies.dt-metrics]\npath = '{}'\ndefault-features = false\n",
        library.display()
    );
    append(folder, "dependencies.dt-metrics", &text)
}

/// Adds `tracing` with its attribute, or the attribute if the package depends on `tracing` already.
fn depend_on_tracing(folder: &Path) -> Result<()> {
    const TABLE: &str = "[dependencies.tracing]";
    let path = folder.join("Cargo.toml");
    let manifest = fs::read_to_string(&path)?;
    let text = match manifest.split_once(TABLE) {
        None => format!("{manifest}\n{TABLE}\nversion = \"0.1\"\n"),
        Some((before, after)) => {
            let (table, rest) = after.split_at(after.find("\n[").unwrap_or(after.len()));
            let version = table.lines().find(|line| line.starts_with("version"));
            let version = version.unwrap_or("version = \"0.1\"");
            format!("{before}{TABLE}\n{version}\n{rest}")
        }
    };
    fs::write(path, text)?;
    Ok(())
}

/// Whether the package uses the first edition, which is the default.
pub fn is_of_2015(folder: &Path) -> Result<bool> {
    let manifest = fs::read_to_string(folder.join("Cargo.toml"))?;
    let edition = |line: &str| {
        line.split_once('=')
            .is_some_and(|(key, _)| key.trim() == "edition")
    };
    Ok(!manifest.lines().any(edition) || manifest.contains("edition = \"2015\""))
}

/// Adds a table, unless there is one of that name.
fn append(folder: &Path, table: &str, text: &str) -> Result<()> {
    let path = folder.join("Cargo.toml");
    let manifest = fs::read_to_string(&path)?;
    let header = format!("[{table}]");
    if manifest.lines().any(|line| line.trim() == header) {
        return Ok(());
    }
    fs::write(path, manifest + text)?;
    Ok(())
}
