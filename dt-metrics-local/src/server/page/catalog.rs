//! The catalogues of programs: handed over by `POST`, read by `GET`.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{self, Request};
use axum::http::Response;
use serde::Serialize;

use super::api::respond;
use super::context::Page;
use super::reply;
use crate::catalog::Catalog;

/// Maximum size of a catalogue in bytes: room for ten thousand instruments.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The answer to `GET /api/catalog`.
#[derive(Serialize)]
struct Programs {
    /// The program whose catalogue arrived last is the last one.
    programs: Vec<Catalog>,
}

/// Keeps the catalogue of a program.
pub(super) async fn add(
    extract::State(page): extract::State<Arc<Page>>,
    request: Request,
) -> Response<Body> {
    let Ok(json) = to_bytes(request.into_body(), MAX_BYTES).await else {
        return reply::bad_request("The catalogue is too large: at most 4 MB are accepted");
    };
    let read = move || Catalog::read(&json);
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(catalog)) => {
            page.store.add_catalog(catalog);
            reply::done()
        }
        Ok(Err(error)) => reply::bad_request(&format!(
            "The body is not a catalogue ({error}): send the output of `catalog_json`"
        )),
        Err(_stopping) => reply::not_now(),
    }
}

/// The catalogues of all programs.
pub(super) async fn all(extract::State(page): extract::State<Arc<Page>>) -> Response<Body> {
    respond(page, |state| Programs {
        programs: state.catalogs().to_vec(),
    })
    .await
}
