//! What the program shows: a live table on a terminal, a line per event elsewhere.

mod args;
mod format;
mod interrupt;
mod lines;
mod screen;
mod table;
mod text;

#[cfg(test)]
mod tests;

use std::error::Error;
use std::io::{self, IsTerminal};

use dt_metrics_local::Server;
use dt_metrics_local::store::Limits;

pub(crate) use args::Args;

/// Series have all that is shown of accepted lines; the lines themselves are not needed for long.
const KEPT: usize = 1_000;

/// Listens until it is interrupted.
pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let limits = Limits::default().lines(KEPT).rejected(KEPT).requests(KEPT);
    let mut builder = Server::builder().listen(&args.listen).limits(limits);
    if let Some(token) = &args.token {
        builder = builder.token(token);
    }
    let server = builder.start()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let shown = runtime.block_on(async {
        let interrupt = interrupt::listen()?;
        let greeting = text::greeting(&server, args.token.is_some());
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
