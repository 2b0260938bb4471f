//! The program `dt-metrics-local`: the endpoint, whose events it prints.

mod cli;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::run(&cli::Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&*error);
            ExitCode::FAILURE
        }
    }
}

/// The text of an error, whose lines a terminal can show.
fn printable(error: &dyn Error) -> String {
    let text = error.to_string();
    let lines: Vec<_> = text
        .lines()
        .map(|line| cli::Printable(line).to_string())
        .collect();
    lines.join("\n")
}

#[expect(clippy::print_stderr, reason = "reports why the program failed")]
fn report(error: &dyn Error) {
    eprintln!("dt-metrics-local: {}", printable(error));
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  caused by: {}", printable(error));
        cause = error.source();
    }
}
