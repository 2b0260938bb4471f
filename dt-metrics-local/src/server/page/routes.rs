//! The routes of the page.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::Response;
use axum::routing::{MethodRouter, get};

use super::context::Page;
use super::cursor::Cursor;
use super::{assets, events, history, reply};
use crate::store::Store;

/// Adds the routes of the page for GET requests; `other` adds a handler for other methods.
pub(crate) fn add<H>(router: Router, store: &Arc<Store>, other: H) -> Router
where
    H: Fn(MethodRouter) -> MethodRouter,
{
    let page = Arc::new(Page::new(store));
    let router = assets::ALL.iter().fold(router, |router, asset| {
        router.route(asset.path, other(get(async || reply::asset(asset))))
    });
    let (for_snapshot, for_history, for_events) = (Arc::clone(&page), Arc::clone(&page), page);
    router
        .route(
            "/api/snapshot",
            other(get(move || snapshot(Arc::clone(&for_snapshot)))),
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

/// Everything the page shows, as JSON.
async fn snapshot(page: Arc<Page>) -> Response<Body> {
    let first = Cursor::start(page.instance);
    match page.frame(first).await {
        Some((_, json)) => reply::json(json),
        None => reply::not_now(),
    }
}
