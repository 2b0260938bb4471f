//! What a program with no configuration of its own would find on this host, and whether it works.

use std::error::Error;
use std::io::{self, Write};

use dt_metrics::dynatrace::{CheckReport, Verdict};

/// How to look.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// As a program with `.otlp()` does: `OTEL_EXPORTER_OTLP_ENDPOINT` counts, too
    #[cfg(feature = "otlp")]
    #[arg(long)]
    otlp: bool,
}

impl Args {
    #[cfg_attr(not(feature = "otlp"), expect(clippy::unused_self))]
    fn check(&self) -> CheckReport {
        #[cfg(feature = "otlp")]
        if self.otlp {
            return dt_metrics::builder().otlp().check();
        }
        dt_metrics::check()
    }
}

/// Prints what was found; an error if metrics would not arrive.
pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let report = args.check();
    match writeln!(io::stdout(), "{report}") {
        // Whoever read the output has seen enough; how it ended is told by the status.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        other => other?,
    }
    let failed = |verdict| matches!(verdict, Verdict::Failed(_));
    match report.steps().iter().find(|step| failed(step.verdict)) {
        Some(step) => Err(format!("to be fixed: {}", step.name).into()),
        None => Ok(()),
    }
}
