use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use dt_metrics_local::Server;
use tokio::time::{MissedTickBehavior, interval};

use super::{table, text};

const REFRESH: Duration = Duration::from_secs(1);

/// Rows of the table where the shell does not say how high the terminal is.
const ROWS: usize = 20;
/// Lines of the screen that are not rows of series.
const AROUND: usize = 30;

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
    let rows = rows(std::env::var("LINES").ok().as_deref());
    write(CLEAR_SCREEN)?;
    let mut drawn = String::new();
    let mut ticks = interval(REFRESH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(interrupt);
    loop {
        tokio::select! {
            () = &mut interrupt => break,
            _ = ticks.tick() => {
                let frame = server.inspect(|state| table::frame(state, SystemTime::now(), rows));
                if frame != drawn {
                    write(&format!("{REDRAW}{greeting}\n{frame}{WRAP_AGAIN}"))?;
                    drawn = frame;
                }
            }
        }
    }
    write(&format!("\n{}\n", text::summary(server.totals())))
}

fn rows(lines: Option<&str>) -> usize {
    lines
        .and_then(|lines| lines.parse::<usize>().ok())
        .map_or(ROWS, |lines| lines.saturating_sub(AROUND).max(5))
}

fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
