//! Prints a line for each event until the program is interrupted.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread;

use dt_metrics_local::Server;
use dt_metrics_local::store::Event;
use tokio::sync::oneshot;

use super::format;

/// Maximum length of a printed refused line, in characters.
const MAX_REFUSED: usize = 500;

/// Prints the greeting, then events as they happen, and a summary at the end.
pub(super) async fn print(server: Arc<Server>, greeting: &str) -> io::Result<()> {
    // Both before the greeting, after which users send lines and interrupt the program.
    let interrupted = interrupted()?;
    let events = server.subscribe();
    writeln!(io::stdout(), "{greeting}")?;
    let (done, printed) = oneshot::channel();
    thread::Builder::new()
        .name("events".to_owned())
        .spawn(move || {
            // Fails if the program ends, and nothing waits for the result.
            let _ = done.send(print_events(&events));
        })?;
    tokio::pin!(printed);
    tokio::select! {
        () = interrupted => {}
        // Printing ends before the server only if the output is closed.
        result = &mut printed => return result.unwrap_or(Ok(())),
    }
    let totals = server.totals();
    // Dropping the server ends the events, so that the remaining ones are printed first.
    drop(server);
    printed.await.unwrap_or(Ok(()))?;
    writeln!(io::stdout(), "\n{}", format::summary(totals))
}

fn print_events(events: &Receiver<Event>) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    for event in events {
        match event {
            Event::Line(line) => writeln!(stdout, "accepted  {line}")?,
            Event::Metadata(metadata) => writeln!(stdout, "accepted  {metadata}")?,
            Event::Rejected(rejected) => {
                let text = format::cut(&rejected.text, MAX_REFUSED);
                writeln!(stdout, "refused   {text}\n          {}", rejected.reason())?;
            }
            Event::Request(request) if !request.is_accepted() || request.fault.is_some() => {
                writeln!(stdout, "{}", format::request(&request))?;
            }
            _ => {}
        }
        stdout.flush()?;
    }
    Ok(())
}

/// Ends when the user or the system asks the program to end. It receives signals from the call on,
/// not only from the first poll on.
#[cfg(unix)]
fn interrupted() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ends when the user asks the program to end.
#[cfg(windows)]
fn interrupted() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
