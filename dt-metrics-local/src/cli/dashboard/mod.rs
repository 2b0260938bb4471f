//! The command `dashboard`: makes a Dynatrace dashboard of a program's metrics, from a catalogue or
//! a running endpoint (`catalogue`, `endpoint`) over `metric` and `tile` to `document`.
//!
//! Sources: Dynatrace documentation, "Dynatrace document structure - Dashboards" (version 21) and
//! "DQL metric commands"; dashboards that Dynatrace publishes as exported, such as
//! `docs/dashboards` of <https://github.com/Dynatrace/dynatrace-otel-collector>.

mod args;
mod catalogue;
mod document;
mod dql;
mod endpoint;
mod error;
mod filter;
mod metric;
mod tile;
mod unit;

#[cfg(test)]
mod tests;

use std::error::Error;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;

pub(crate) use args::DashboardArgs;

use super::format::{self, Printable};
use error::DashboardError;
use metric::Found;

/// Prints a dashboard, or writes it to a file.
pub(super) fn run(args: &DashboardArgs) -> Result<(), Box<dyn Error>> {
    let found = match &args.from {
        Some(url) => endpoint::read(url)?,
        None => from_catalogue(args)?,
    };
    if found.metrics.is_empty() {
        return Err(DashboardError::Empty.into());
    }
    let document = document::of(&found.metrics, args);
    let mut json = format::json(&serde_json::to_string_pretty(&document)?);
    json.push('\n');
    say_left_out(&found);
    if args.from.is_none() && args.prefix.is_none() {
        mention_prefix();
    }
    match &args.output {
        Some(path) => std::fs::write(path, json).map_err(|source| DashboardError::Write {
            path: path.clone(),
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

fn from_catalogue(args: &DashboardArgs) -> Result<Found, DashboardError> {
    let prefix = metric::prefix(args.prefix.as_deref())?;
    let path = args.catalogue.as_deref();
    let path = path.filter(|path| *path != Path::new("-"));
    let (text, name) = match path {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|source| DashboardError::Read {
                path: path.to_owned(),
                source,
            })?;
            (text, path.display().to_string())
        }
        None if io::stdin().is_terminal() => return Err(DashboardError::NoCatalogue),
        None => {
            let mut text = String::new();
            io::stdin()
                .read_to_string(&mut text)
                .map_err(DashboardError::Input)?;
            (text, "standard input".to_owned())
        }
    };
    catalogue::read(&text, prefix).map_err(|source| DashboardError::Catalogue { name, source })
}

#[expect(clippy::print_stderr, reason = "standard output is the dashboard")]
fn mention_prefix() {
    eprintln!(
        "dt-metrics-local: the queries use the keys of the catalogue; if the program sets a prefix, add --prefix"
    );
}

#[expect(clippy::print_stderr, reason = "standard output is the dashboard")]
fn say_left_out(found: &Found) {
    for left_out in &found.left_out {
        eprintln!("dt-metrics-local: left out: {}", Printable(left_out));
    }
}
