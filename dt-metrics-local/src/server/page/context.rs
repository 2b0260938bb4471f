//! The routes of the page and what they share.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::routing::{MethodRouter, get};
use tokio::sync::Semaphore;

use super::cursor::Instance;
use super::{assets, events, frame, history, reply};
use crate::store::Store;

/// Pages that may watch at a time.
const STREAMS: usize = 16;

pub(in crate::server) const PAGE_PATH: &str = "/";

/// What the routes of the page share.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) store: Arc<Store>,
    pub(super) instance: Instance,
    pub(super) streams: Arc<Semaphore>,
}

/// Adds the routes of the page, which answer GET only; `other` answers the rest.
pub(in crate::server) fn add<H>(router: Router, store: &Arc<Store>, other: H) -> Router
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
pub(super) fn parameter<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request
        .uri()
        .query()?
        .split('&')
        .filter_map(|parameter| parameter.split_once('='))
        .find_map(|(known, value)| (known == name).then_some(value))
}
