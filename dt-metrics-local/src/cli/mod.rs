//! The program: it runs the endpoint and prints a line for each event, or runs a command.
// This folder imports the library as its users do, and `dt-metrics` for its commands.

mod args;
#[cfg(feature = "check")]
mod check;
#[cfg(feature = "dashboard")]
mod dashboard;
mod format;
mod lines;
#[cfg(feature = "dashboard")]
mod objectives;
#[cfg(feature = "dashboard")]
mod output;
mod schedule;
#[cfg(feature = "dashboard")]
mod source;

#[cfg(test)]
mod tests;

use std::error::Error;
use std::io;
use std::sync::Arc;

use dt_metrics_local::Server;
use dt_metrics_local::store::Limits;

#[cfg(any(feature = "check", feature = "dashboard"))]
use args::Command;

pub(crate) use args::Args;
pub(crate) use format::Printable;

/// The number of lines, refused lines and requests to keep. The page shows series, and only the
/// newest refused lines and requests.
const KEPT: usize = 1_000;

/// Runs the endpoint until it is interrupted, or the command that `args` name.
pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    #[cfg(any(feature = "check", feature = "dashboard"))]
    if let Some(command) = &args.command {
        return match command {
            #[cfg(feature = "check")]
            Command::Check(args) => check::run(args),
            #[cfg(feature = "dashboard")]
            Command::Dashboard(args) => dashboard::run(args),
            #[cfg(feature = "dashboard")]
            Command::Slo(args) => objectives::slo(args),
            #[cfg(feature = "dashboard")]
            Command::Alerts(args) => objectives::alerts(args),
        };
    }
    let limits = Limits::default().lines(KEPT).rejected(KEPT).requests(KEPT);
    let mut builder = Server::builder().listen(&args.listen).limits(limits);
    if let Some(token) = &args.token {
        builder = builder.token(token);
    }
    for host in &args.hosts {
        builder = builder.allow_host(host);
    }
    if args.classic {
        builder = builder.classic();
    }
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..));
    if !args.faults.is_empty() {
        builder = builder.fail_at_random(seed, &args.faults);
    }
    let server = Arc::new(builder.start()?);
    schedule::start(&server, schedule::actions(args))?;
    let mut greeting = format::greeting(&server, args.token.is_some());
    greeting.push_str(&format::faults(&args.faults, seed));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match runtime.block_on(lines::print(server, greeting)) {
        // The reader of the output has closed it.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}
