//! A job that runs for a moment and ends: its metrics are delivered before it exits, within a limit,
//! and the exit status is that of the job alone.
//!
//! Endpoint and token come from the environment, as in `getting_started`.

use std::process::ExitCode;
use std::time::Duration;

use dt_metrics::{count, gauge, measured};

/// Parses one line of the file, such as `2024-05-01;120`.
#[measured(name = "import.line")]
fn import(line: &str) -> Result<u64, String> {
    let (_, amount) = line.split_once(';').ok_or("there is no `;`")?;
    amount.parse().map_err(|error| format!("{amount}: {error}"))
}

/// The whole job: once per run.
#[measured(name = "import.run")]
fn run(file: &str) -> Result<u64, String> {
    let mut total = 0;
    for line in file.lines() {
        match import(line) {
            Ok(amount) => total += amount,
            Err(error) => eprintln!("{line}: {error}"),
        }
    }
    count!("import.bytes", file.len(), unit = "By");
    gauge!("import.total", total, unit = "EUR");
    if total == 0 {
        return Err("nothing was imported".to_owned());
    }
    Ok(total)
}

fn main() -> Result<ExitCode, dt_metrics::Error> {
    let metrics = dt_metrics::builder().prefix("nightly").install()?;
    let result = run("2024-05-01;120\n2024-05-02\n2024-05-03;30\n");

    // A job ends before the first push interval does: this is its only push.
    if let Err(error) = metrics.shutdown(Duration::from_secs(5)) {
        eprintln!("metrics: {error}"); // the import is done all the same
    }
    Ok(match result {
        Ok(total) => {
            println!("{total} imported");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    })
}
