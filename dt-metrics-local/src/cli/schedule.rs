use std::io;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use dt_metrics_local::Server;

use super::Args;

/// Something that happens to the server by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    Recover,
    StopListening,
    ListenAgain,
    ReplaceToken(String),
}

/// What happens when, after the start.
pub(super) fn events(args: &Args) -> Vec<(Duration, Event)> {
    let mut events = Vec::new();
    events.extend(args.recover_after.map(|after| (after, Event::Recover)));
    if let Some((after, length)) = args.outage {
        events.push((after, Event::StopListening));
        events.push((after.saturating_add(length), Event::ListenAgain));
    }
    let token = args.next_token.clone().zip(args.next_token_after);
    events.extend(token.map(|(token, after)| (after, Event::ReplaceToken(token))));
    events.sort_by_key(|(after, _)| *after);
    events
}

/// Has it happen for as long as the server is there.
pub(super) fn start(server: &Arc<Server>, events: Vec<(Duration, Event)>) -> io::Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let (server, start) = (Arc::downgrade(server), Instant::now());
    thread::Builder::new()
        .name("schedule".to_owned())
        .spawn(move || {
            for (after, event) in events {
                thread::sleep(after.saturating_sub(start.elapsed()));
                if happen(&server, event).is_none() {
                    return;
                }
            }
        })
        .map(drop)
}

/// `None` once the server is gone.
fn happen(server: &Weak<Server>, event: Event) -> Option<()> {
    /// How often, and how soon, a port is asked for again.
    const AGAIN: (u32, Duration) = (50, Duration::from_millis(100));
    match event {
        Event::Recover => server.upgrade()?.recover(),
        // Nobody listens afterwards, whatever it returns.
        Event::StopListening => drop(server.upgrade()?.stop_listening()),
        Event::ListenAgain => {
            for _ in 0..AGAIN.0 {
                if server.upgrade()?.listen_again().is_ok() {
                    break;
                }
                thread::sleep(AGAIN.1);
            }
        }
        Event::ReplaceToken(token) => server.upgrade()?.replace_token(token),
    }
    Some(())
}
