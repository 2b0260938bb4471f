//! The live page: its files, its data, and the stream that keeps it up to date.
//!
//! What a page has seen is a [`cursor::Cursor`]; a [`frame::Frame`] is what it has not seen yet.
//! The first frame is everything, so page, stream and snapshot are one thing. Frames hold numbers
//! of series only; the past of the few series that are on the screen is asked for by the page.

mod assets;
mod cursor;
mod events;
mod frame;
mod history;
mod reply;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::routing::{MethodRouter, get};
use tokio::sync::Semaphore;

use crate::store::Store;
use cursor::Instance;

/// Pages that may watch at a time.
const STREAMS: usize = 16;

pub(super) const PAGE_PATH: &str = "/";

/// What the routes of the page share.
#[derive(Debug)]
struct Page {
    store: Arc<Store>,
    instance: Instance,
    streams: Arc<Semaphore>,
}

/// Adds the routes of the page, which answer GET only; `other` answers the rest.
pub(super) fn add<H>(router: Router, store: &Arc<Store>, other: H) -> Router
where
    H: Fn(MethodRouter) -> MethodRouter,
{
    let page = Arc::new(Page {
        store: Arc::clone(store),
        instance: Instance::new(),
        streams: Arc::new(Semaphore::new(STREAMS)),
    });
    let router = assets::ALL.iter().fold(router, |router, asset| {
        router.route(asset.path, other(get(async || reply::asset(asset))))
    });
    let (for_snapshot, for_history, for_events) = (Arc::clone(&page), Arc::clone(&page), page);
    router
        .route(
            "/api/snapshot",
            other(get(move || frame::snapshot(Arc::clone(&for_snapshot)))),
        )
        .route(
            "/api/history",
            other(get(async move |request: Request| {
                history::answer(&for_history, &request)
            })),
        )
        .route(
            "/events",
            other(get(async move |request: Request| {
                events::answer(&for_events, &request)
            })),
        )
}

/// The value of a parameter in the query of a URL, as it stands there.
fn parameter<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request
        .uri()
        .query()?
        .split('&')
        .filter_map(|parameter| parameter.split_once('='))
        .find_map(|(known, value)| (known == name).then_some(value))
}
