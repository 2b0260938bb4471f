//! The stream of server-sent events.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Error;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::Response;
use futures_core::Stream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{MissedTickBehavior, interval};

use super::context::{Page, parameter};
use super::cursor::Cursor;
use super::reply;

/// The period of events, however much data arrives.
const PERIOD: Duration = Duration::from_secs(1);

/// Number of periods without an event after which a comment is sent. It detects a page that is gone,
/// and shows the page that the server is alive.
const QUIET_PERIODS: u32 = 15;

/// Starts a stream. The first event contains the data after `?since=` or `Last-Event-ID`, or all
/// data; the next ones contain the new data of each second.
pub(super) async fn answer(State(page): State<Arc<Page>>, request: Request) -> Response<Body> {
    let Ok(permit) = Arc::clone(&page.streams).try_acquire_owned() else {
        return reply::not_now();
    };
    let start = start(&page, &request);
    // At most one frame is queued: a slow page receives fewer, larger frames.
    let (sender, receiver) = channel(1);
    tokio::spawn(send(page, start, sender, permit));
    reply::events(Body::from_stream(Events(receiver)))
}

/// The position of the page, if it has one; otherwise the start.
fn start(page: &Page, request: &Request) -> Cursor {
    let last = request.headers().get("last-event-id");
    let last = last.and_then(|id| id.to_str().ok()).map(str::to_owned);
    last.or_else(|| parameter(request, "since"))
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| Cursor::start(page.instance))
}

/// Sends frames until the page disconnects or the server stops.
async fn send(
    page: Arc<Page>,
    mut cursor: Cursor,
    sender: Sender<Bytes>,
    _permit: OwnedSemaphorePermit,
) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_first = true;
    let mut quiet = 0;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = sender.closed() => return,
        }
        let text = if is_first || page.is_behind(cursor) {
            let Some((next, json)) = page.frame(cursor).await else {
                return;
            };
            cursor = next;
            format!("id: {cursor}\ndata: {json}\n\n")
        } else if quiet >= QUIET_PERIODS {
            ":\n\n".to_owned()
        } else {
            quiet += 1;
            continue;
        };
        is_first = false;
        quiet = 0;
        if sender.send(Bytes::from(text)).await.is_err() {
            return;
        }
    }
}

/// The body of the response. It ends when the sender does.
struct Events(Receiver<Bytes>);

impl Stream for Events {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|event| event.map(Ok))
    }
}
