//! Writes generated configuration.

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use dt_metrics_local::configuration::{File, Format};
use thiserror::Error;

use super::format;

/// The arguments for the output.
#[derive(Debug, clap::Args)]
pub(crate) struct OutputArgs {
    /// The format: JSON for Dynatrace's API, a file for Terraform (`.tf.json`), or a project for Monaco
    #[arg(long, value_enum, default_value = "json")]
    format: FormatArg,

    /// Write to this file instead of standard output. For Monaco, a folder, which is required; an
    /// existing manifest is kept
    #[arg(long, value_name = "PATH", required_if_eq("format", "monaco"))]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FormatArg {
    Json,
    Terraform,
    Monaco,
}

#[derive(Debug, Error)]
#[error("{path} cannot be written", path = path.display())]
struct WriteError {
    path: PathBuf,
    source: io::Error,
}

impl OutputArgs {
    /// Writes the files of the format, or prints the only one.
    pub(super) fn write(&self, files: impl Fn(Format) -> Vec<File>) -> Result<(), Box<dyn Error>> {
        let format = match self.format {
            FormatArg::Json => Format::Json,
            FormatArg::Terraform => Format::Terraform,
            FormatArg::Monaco => Format::Monaco,
        };
        let files = files(format);
        match (&self.output, self.format) {
            (Some(folder), FormatArg::Monaco) => {
                for file in &files {
                    write_into(folder, file)?;
                }
                Ok(())
            }
            (path, _) => {
                let texts: Vec<_> = files.iter().map(text).collect();
                write(&texts.concat(), path.as_deref())
            }
        }
    }
}

/// The text of a file, without characters that a terminal or an editor does not show.
fn text(file: &File) -> String {
    let extension = Path::new(&file.path).extension();
    if extension.is_some_and(|extension| extension == "json") {
        format::json(&file.content)
    } else {
        file.content.clone()
    }
}

fn write_into(folder: &Path, file: &File) -> Result<(), WriteError> {
    // The parts are names of the library, never of a program.
    let path = file
        .path
        .split('/')
        .fold(folder.to_owned(), |path, part| path.join(part));
    let failed = |source| WriteError {
        path: path.clone(),
        source,
    };
    if file.keep_existing && path.exists() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(failed)?;
    }
    std::fs::write(&path, text(file)).map_err(failed)
}

/// Writes a text to a file, or prints it.
fn write(text: &str, path: Option<&Path>) -> Result<(), Box<dyn Error>> {
    match path {
        Some(path) => std::fs::write(path, text).map_err(|source| WriteError {
            path: path.to_owned(),
            source,
        })?,
        None => match io::stdout().write_all(text.as_bytes()) {
            // The reader of the output has closed it.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            other => other?,
        },
    }
    Ok(())
}
