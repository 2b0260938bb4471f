//! The routes of the page.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use axum::routing::{MethodRouter, get, post};

use super::context::Page;
use super::cursor::Cursor;
use super::{api, assets, catalog, events, history, outage, reply, requests};
use crate::server::endpoint::Endpoint;

/// Adds the routes of the page and of the API for tests; `other` adds a handler for other methods.
pub(crate) fn add<H>(router: Router, endpoint: &Arc<Endpoint>, other: H) -> Router
where
    H: Fn(MethodRouter) -> MethodRouter,
{
    let page = Arc::new(Page::new(endpoint));
    let router = assets::ALL.iter().fold(router, |router, asset| {
        router.route(asset.path, other(get(async || reply::asset(asset))))
    });
    let on_page = |route: MethodRouter<Arc<Page>>| other(route.with_state(Arc::clone(&page)));
    #[cfg(feature = "dashboard")]
    let router = router.route("/api/dashboard", on_page(get(super::dashboard::answer)));
    router
        .route("/api/snapshot", on_page(get(snapshot)))
        .route("/api/history", on_page(get(history::answer)))
        .route("/events", on_page(get(events::answer)))
        .route("/api/series", on_page(get(api::series)))
        .route("/api/refused", on_page(get(api::refused)))
        .route("/api/requests", on_page(get(api::requests)))
        .route("/api/requests/{number}", on_page(get(requests::one)))
        .route(
            "/api/catalog",
            on_page(get(catalog::all).put(catalog::add).post(catalog::add)),
        )
        // Faults may reset each `POST` before it is read.
        .route(
            "/api/outage",
            on_page(get(outage::get).put(outage::start).delete(outage::end)),
        )
        .route("/api/reset", on_page(post(api::reset)))
}

/// Everything the page shows, as JSON.
async fn snapshot(State(page): State<Arc<Page>>) -> Response<Body> {
    let first = Cursor::start(page.instance);
    match page.frame(first).await {
        Some((_, json)) => reply::json(json),
        None => reply::not_now(),
    }
}
