//! The state that the routes of the page share.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::Request;
use percent_encoding::percent_decode_str;
use tokio::sync::Semaphore;

use super::cursor::{Cursor, Instance};
use super::frame::Frame;
use crate::server::endpoint::Endpoint;
use crate::store::{State, Store};

/// Maximum number of event streams at the same time.
const STREAMS: usize = 16;

/// The state that the routes of the page share.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) store: Arc<Store>,
    pub(super) instance: Instance,
    /// A permit for each event stream.
    pub(super) streams: Arc<Semaphore>,
}

impl Page {
    pub(super) fn new(endpoint: &Arc<Endpoint>) -> Self {
        Self {
            endpoint: Arc::clone(endpoint),
            store: Arc::clone(&endpoint.store),
            instance: Instance::new(),
            streams: Arc::new(Semaphore::new(STREAMS)),
        }
    }

    /// Everything after the cursor as JSON, with the new cursor; `None` if the server is stopping. After
    /// a reset, and for a cursor of another run, that is everything.
    ///
    /// Runs on a blocking thread, since a large frame would delay other requests.
    pub(super) async fn frame(self: &Arc<Self>, cursor: Cursor) -> Option<(Cursor, String)> {
        let page = Arc::clone(self);
        let take = move || {
            let now = SystemTime::now();
            let frame = page.store.inspect(|state| {
                let instance = page.instance.after(state.resets());
                let is_current = cursor.instance == instance;
                let from = if is_current {
                    cursor
                } else {
                    Cursor::start(instance)
                };
                Frame::after(from, state, now)
            });
            // Structs of numbers and strings always serialize.
            let json = serde_json::to_string(&frame).unwrap_or_default();
            (frame.cursor, json)
        };
        tokio::task::spawn_blocking(take).await.ok()
    }

    /// Whether the store received anything after the cursor.
    pub(super) fn is_behind(&self, cursor: Cursor) -> bool {
        let at = |state: &State| Cursor::at(self.instance.after(state.resets()), state.totals());
        self.store.inspect(at) != cursor
    }
}

/// The decoded value of a parameter in the query of the URL.
pub(super) fn parameter(request: &Request, name: &str) -> Option<String> {
    let mut parameters = request.uri().query()?.split('&');
    let value = parameters.find_map(|parameter| {
        let (known, value) = parameter.split_once('=')?;
        (known == name).then_some(value)
    })?;
    Some(percent_decode_str(value).decode_utf8_lossy().into_owned())
}
