//! Writes generated configuration.

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::format;

#[derive(Debug, Error)]
#[error("{path} cannot be written", path = path.display())]
struct WriteError {
    path: PathBuf,
    source: io::Error,
}

/// Writes JSON to a file, or prints it.
pub(super) fn write(json: &str, path: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let mut json = format::json(json);
    json.push('\n');
    match path {
        Some(path) => std::fs::write(path, json).map_err(|source| WriteError {
            path: path.to_owned(),
            source,
        })?,
        None => match io::stdout().write_all(json.as_bytes()) {
            // The reader of the output has closed it.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            other => other?,
        },
    }
    Ok(())
}
