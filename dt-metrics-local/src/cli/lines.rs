use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread;

use dt_metrics_local::Server;
use dt_metrics_local::store::Event;
use tokio::sync::oneshot;

use super::{format, text};

/// A refused line is shown up to this many characters.
const SHOWN: usize = 500;

/// Appends a line for each thing that happens, for pipes and files.
pub(super) async fn show(
    server: Arc<Server>,
    greeting: &str,
    interrupt: impl Future<Output = ()>,
) -> io::Result<()> {
    // Before anybody is told where to send lines.
    let events = server.subscribe();
    writeln!(io::stdout(), "{greeting}")?;
    let (done, printed) = oneshot::channel();
    thread::Builder::new()
        .name("events".to_owned())
        .spawn(move || {
            // Nobody waits for the result once the program ends.
            let _ = done.send(print(&events));
        })?;
    tokio::pin!(printed);
    tokio::select! {
        () = interrupt => {}
        // Printing ends before the server does only if the output is closed.
        result = &mut printed => return result.unwrap_or(Ok(())),
    }
    let totals = server.totals();
    // Ends the events: what came before is printed first.
    drop(server);
    printed.await.unwrap_or(Ok(()))?;
    writeln!(io::stdout(), "{}", text::summary(totals))
}

fn print(events: &Receiver<Event>) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    for event in events {
        match event {
            Event::Line(line) => writeln!(stdout, "accepted  {line}")?,
            Event::Metadata(metadata) => writeln!(stdout, "accepted  {metadata}")?,
            Event::Rejected(rejected) => {
                let text = format::cut(&rejected.text, SHOWN);
                writeln!(stdout, "refused   {text}\n          {}", rejected.reason())?;
            }
            Event::Request(request) if !request.is_accepted() || request.fault.is_some() => {
                writeln!(stdout, "{}", text::request(&request))?;
            }
            _ => {}
        }
        stdout.flush()?;
    }
    Ok(())
}
