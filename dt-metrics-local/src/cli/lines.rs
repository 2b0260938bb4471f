//! Prints a line for each event until the program is interrupted.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::Duration;

use dt_metrics_local::Server;
use dt_metrics_local::store::{Event, Totals};
use tokio::sync::oneshot;

use super::format::{self, Printable};

/// Maximum length of a printed refused line, in characters.
const MAX_REFUSED: usize = 500;

/// How long the end waits for a reader of the output that reads nothing. Output that is being read
/// is printed to its end.
const STALLED: Duration = Duration::from_secs(1);

/// Prints the greeting, then events as they happen, and a summary at the end.
///
/// All printing happens on a thread of its own: if nobody reads a pipe or a terminal is stopped,
/// that thread waits, but the program still ends when it is interrupted.
pub(super) async fn print(server: Arc<Server>, greeting: String) -> io::Result<()> {
    // Both before the greeting, after which users send lines and interrupt the program.
    let mut interrupts = Interrupts::new()?;
    let events = server.subscribe();
    let printed_events = Arc::new(AtomicU64::new(0));
    let progress = Arc::clone(&printed_events);
    let (send_totals, totals) = oneshot::channel();
    let (done, printed) = oneshot::channel();
    thread::Builder::new()
        .name("events".to_owned())
        .spawn(move || {
            let result = writeln!(io::stdout(), "{greeting}")
                .and_then(|()| print_events(&events, &printed_events))
                .and_then(|()| print_summary(totals));
            // Fails if the program ends, and nothing waits for the result.
            let _ = done.send(result);
        })?;
    tokio::pin!(printed);
    tokio::select! {
        () = interrupts.next() => {}
        // Printing ends before the server only if the output is closed.
        result = &mut printed => return result.unwrap_or(Ok(())),
    }
    // Fails if the output has just been closed.
    let _ = send_totals.send(server.totals());
    // Dropping the server ends the events, so that the remaining ones are printed first.
    drop(server);
    loop {
        let before = progress.load(Ordering::Relaxed);
        tokio::select! {
            result = &mut printed => return result.unwrap_or(Ok(())),
            // A second interrupt: end at once, without waiting for the output.
            () = interrupts.next() => return Ok(()),
            () = tokio::time::sleep(STALLED) => {}
        }
        if progress.load(Ordering::Relaxed) == before {
            return Ok(());
        }
    }
}

fn print_events(events: &Receiver<Event>, printed: &AtomicU64) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    for event in events {
        match event {
            Event::Line(line) => writeln!(stdout, "accepted  {}", Printable(&line.text))?,
            Event::Metadata(metadata) => {
                writeln!(stdout, "accepted  {}", Printable(&metadata.text))?;
            }
            Event::Noted(noted) => {
                let text = format::cut(&noted.text, MAX_REFUSED);
                let note = noted.note.to_string();
                writeln!(stdout, "note      {text}\n          {}", Printable(&note))?;
            }
            Event::Rejected(rejected) => {
                let text = format::cut(&rejected.text, MAX_REFUSED);
                let reason = rejected.reason();
                writeln!(stdout, "refused   {text}\n          {}", Printable(&reason))?;
            }
            Event::Request(request) if !request.is_accepted() || request.fault.is_some() => {
                let text = format::request(&request);
                writeln!(stdout, "{}", Printable(&text))?;
            }
            _ => continue,
        }
        stdout.flush()?;
        printed.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Prints the summary if the program was interrupted.
fn print_summary(mut totals: oneshot::Receiver<Totals>) -> io::Result<()> {
    match totals.try_recv() {
        Ok(totals) => writeln!(io::stdout(), "\n{}", format::summary(totals)),
        Err(_) => Ok(()),
    }
}

/// The requests of the user or the system that the program ends. They are received from the start
/// on, not only from the first poll on.
#[cfg(unix)]
struct Interrupts {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Interrupts {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The requests of the user that the program ends.
#[cfg(windows)]
struct Interrupts(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Interrupts {
    fn new() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
