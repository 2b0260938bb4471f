use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use dt_metrics_local::Server;
use tokio::time::{MissedTickBehavior, interval};

use super::{table, text};

const REFRESH: Duration = Duration::from_secs(1);

/// Lines of a terminal that does not say how high it is.
const HEIGHT: usize = 50;
/// Lines of the screen that are not rows of series.
const AROUND: usize = 33;
/// Rows of series that are shown in any case.
const ROWS: usize = 5;

/// Cursor home, clear from there on, and cut long lines instead of wrapping them, so that a row of
/// the table is a row of the screen.
const REDRAW: &str = "\x1b[H\x1b[J\x1b[?7l";
const WRAP_AGAIN: &str = "\x1b[?7h";
const CLEAR_SCREEN: &str = "\x1b[2J";

/// Draws the table again whenever it changed, once a second at most.
pub(super) async fn show(
    server: Arc<Server>,
    greeting: &str,
    interrupt: impl Future<Output = ()>,
) -> io::Result<()> {
    write(CLEAR_SCREEN)?;
    let mut drawn = String::new();
    let mut ticks = interval(REFRESH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(interrupt);
    loop {
        tokio::select! {
            () = &mut interrupt => break,
            _ = ticks.tick() => {
                let height = height();
                let rows = height.saturating_sub(AROUND).max(ROWS);
                let frame = server.inspect(|state| table::frame(state, SystemTime::now(), rows));
                let screen = fit(&format!("{greeting}\n{frame}"), height);
                if screen != drawn {
                    write(&format!("{REDRAW}{screen}{WRAP_AGAIN}"))?;
                    drawn = screen;
                }
            }
        }
    }
    write(&format!("\n{}\n", text::summary(server.totals())))
}

/// How high the terminal is now.
fn height() -> usize {
    #[cfg(unix)]
    if let Ok(size) = rustix::termios::tcgetwinsize(io::stdout())
        && size.ws_row > 0
    {
        return size.ws_row.into();
    }
    HEIGHT
}

/// The first lines of a text, so many that a terminal does not scroll: the cursor stands below.
pub(super) fn fit(text: &str, height: usize) -> String {
    let lines = text.split_inclusive('\n');
    lines.take(height.saturating_sub(1).max(1)).collect()
}

fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
