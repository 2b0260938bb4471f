//! The command `check`: tries the configuration that a program would find on this host.

use std::error::Error;
use std::io::{self, Write};

use dt_metrics::dynatrace::{CheckReport, Verdict};

use super::format::Printable;

/// The arguments of the command.
#[derive(clap::Args)]
pub(crate) struct CheckArgs {
    /// Check as a program with `.otlp()` would, which also reads `OTEL_EXPORTER_OTLP_ENDPOINT`
    #[cfg(feature = "otlp")]
    #[arg(long)]
    otlp: bool,
}

impl CheckArgs {
    #[cfg_attr(not(feature = "otlp"), expect(clippy::unused_self))]
    fn check(&self) -> CheckReport {
        #[cfg(feature = "otlp")]
        if self.otlp {
            return dt_metrics::builder().otlp().check();
        }
        dt_metrics::check()
    }
}

/// Prints the report; an error if metrics would not arrive.
pub(crate) fn run(args: &CheckArgs) -> Result<(), Box<dyn Error>> {
    let report = args.check();
    // It quotes the answer of a server.
    let text = report.to_string();
    let mut lines = text.lines().map(Printable);
    match lines.try_for_each(|line| writeln!(io::stdout(), "{line}")) {
        // The reader of the output has closed it; the exit status still reports the result.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        other => other?,
    }
    let failed = |verdict| matches!(verdict, Verdict::Failed(_));
    match report.steps().iter().find(|step| failed(step.verdict)) {
        Some(step) => Err(format!("to be fixed: {}", step.name).into()),
        None => Ok(()),
    }
}
