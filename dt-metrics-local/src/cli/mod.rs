//! What the program shows: a live table on a terminal, a line per event elsewhere.

mod args;
#[cfg(feature = "check")]
mod check;
#[cfg(feature = "dashboard")]
mod dashboard;
mod format;
mod interrupt;
mod lines;
mod schedule;
mod screen;
mod table;
mod text;

#[cfg(test)]
mod tests;

use std::error::Error;
use std::io::{self, IsTerminal};
use std::sync::Arc;

use dt_metrics_local::Server;
use dt_metrics_local::store::Limits;

#[cfg(any(feature = "check", feature = "dashboard"))]
use args::Command;

pub(crate) use args::Args;

/// Series have all that is shown of accepted lines; the lines themselves are not needed for long.
const KEPT: usize = 1_000;

/// Listens until it is interrupted, or does what it was told to do instead.
pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    #[cfg(any(feature = "check", feature = "dashboard"))]
    if let Some(command) = &args.command {
        return match command {
            #[cfg(feature = "check")]
            Command::Check(args) => check::run(args),
            #[cfg(feature = "dashboard")]
            Command::Dashboard(args) => dashboard::run(args),
        };
    }
    let limits = Limits::default().lines(KEPT).rejected(KEPT).requests(KEPT);
    let mut builder = Server::builder().listen(&args.listen).limits(limits);
    if let Some(token) = &args.token {
        builder = builder.token(token);
    }
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..));
    if !args.faults.is_empty() {
        builder = builder.fail_at_random(seed, &args.faults);
    }
    let server = Arc::new(builder.start()?);
    schedule::start(&server, schedule::events(args))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let shown = runtime.block_on(async {
        let interrupt = interrupt::listen()?;
        let mut greeting = text::greeting(&server, args.token.is_some());
        greeting.push_str(&text::faults(&args.faults, seed));
        if io::stdout().is_terminal() {
            screen::show(server, &greeting, interrupt).await
        } else {
            lines::show(server, &greeting, interrupt).await
        }
    });
    match shown {
        // Whoever read the output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}
