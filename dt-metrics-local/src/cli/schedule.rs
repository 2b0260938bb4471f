//! Actions at set times: an outage, a new token, the end of the faults.

use std::io;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use dt_metrics_local::Server;

use super::args::Args;

/// A scheduled action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    Recover,
    StopListening,
    ListenAgain,
    ReplaceToken(String),
}

/// The actions with their times after the start, earliest first.
pub(super) fn actions(args: &Args) -> Vec<(Duration, Action)> {
    let mut actions = Vec::new();
    actions.extend(args.recover_after.map(|after| (after, Action::Recover)));
    if let Some((after, length)) = args.outage {
        actions.push((after, Action::StopListening));
        actions.push((after.saturating_add(length), Action::ListenAgain));
    }
    let token = args.next_token.clone().zip(args.next_token_after);
    actions.extend(token.map(|(token, after)| (after, Action::ReplaceToken(token))));
    actions.sort_by_key(|(after, _)| *after);
    actions
}

/// Starts a thread that performs the actions until the server is dropped.
pub(super) fn start(server: &Arc<Server>, actions: Vec<(Duration, Action)>) -> io::Result<()> {
    if actions.is_empty() {
        return Ok(());
    }
    let (server, start) = (Arc::downgrade(server), Instant::now());
    thread::Builder::new()
        .name("schedule".to_owned())
        .spawn(move || {
            for (after, action) in actions {
                thread::sleep(after.saturating_sub(start.elapsed()));
                if perform(&server, action).is_none() {
                    return;
                }
            }
        })
        .map(drop)
}

/// Performs an action; `None` if the server was dropped.
fn perform(server: &Weak<Server>, action: Action) -> Option<()> {
    /// Number of attempts to listen again, and the pause between them.
    const ATTEMPTS: u32 = 50;
    const PAUSE: Duration = Duration::from_millis(100);
    match action {
        Action::Recover => server.upgrade()?.recover(),
        // Even if it fails, the server does not listen afterwards.
        Action::StopListening => drop(server.upgrade()?.stop_listening()),
        Action::ListenAgain => {
            for _ in 0..ATTEMPTS {
                if server.upgrade()?.listen_again().is_ok() {
                    break;
                }
                thread::sleep(PAUSE);
            }
        }
        Action::ReplaceToken(token) => server.upgrade()?.replace_token(token),
    }
    Some(())
}
