use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::body::Body;
use axum::extract::{self, ConnectInfo};
use axum::http::{Response, StatusCode};

use super::arrived::Arrived;
use super::lines as answer;
use crate::protocol::limits;
use crate::server::fault::{Fault, Faults};
use crate::server::http::route::{self, Route};
use crate::server::http::{body, token::Tokens};
use crate::server::net::wire::Wire;
use crate::server::response::Answer;
use crate::store::{Authorization, Batch, Contents, Protocol, Request, Store};

/// What the handlers share.
#[derive(Debug)]
pub(in crate::server) struct Endpoint {
    pub(in crate::server) store: Arc<Store>,
    pub(in crate::server) tokens: Tokens,
    pub(in crate::server) faults: Faults,
    pub(in crate::server) are_timestamps_checked: bool,
}

/// Takes in data points.
pub(in crate::server) async fn ingest(
    endpoint: Arc<Endpoint>,
    route: Route,
    request: extract::Request,
) -> Response<Body> {
    let begun = Instant::now();
    let wire = wire(&request);
    let (parts, body) = request.into_parts();
    let begun_with = wire.take_fault();
    let Ok(received) = body::read(body, route.max_bytes()).await else {
        // The client is gone or does not speak HTTP: most likely nobody reads this.
        return respond(answer::refused_by(
            route,
            400,
            "Request body could not be read",
        ));
    };
    #[cfg(feature = "otlp")]
    let received = match route.protocol() {
        Protocol::Otlp => {
            crate::server::http::gzip::unpack(received, &parts.headers, route.max_bytes())
        }
        Protocol::Lines => received,
    };
    let content = received.content.as_deref().unwrap_or_default();
    let taken = endpoint.faults.take(content, begun_with);
    let arrived = Arrived {
        endpoint: &endpoint,
        route,
        parts: &parts,
        received: &received,
        begun,
    };
    let answer = arrived.meet(taken, &wire).await;
    wire.end();
    respond(answer)
}

/// Refuses what is not an ingest request.
pub(in crate::server) async fn refuse(
    endpoint: Arc<Endpoint>,
    status: u16,
    request: extract::Request,
) -> Response<Body> {
    let begun = Instant::now();
    let wire = wire(&request);
    let (parts, body) = request.into_parts();
    let message = match status {
        404 => route::NOT_FOUND,
        _ => "Method Not Allowed: metrics are sent by POST",
    };
    let answer = answer::refused(status, message);
    let Ok(received) = body::read(body, limits::REQUEST_BYTES).await else {
        return respond(answer);
    };
    let arrived = Arrived {
        endpoint: &endpoint,
        route: Route::Dynatrace,
        parts: &parts,
        received: &received,
        begun,
    };
    arrived.book(answer.clone().into(), None);
    wire.end();
    respond(answer)
}

impl Endpoint {
    /// Books a request that is not read.
    pub(in crate::server) fn not_read(&self, fault: &Fault) {
        self.store.add(Batch {
            contents: Contents::default(),
            request: Request {
                path: String::new(),
                protocol: Protocol::Lines,
                status: 0,
                fault: Some(fault.name()),
                content_type: None,
                user_agent: None,
                authorization: Authorization::Absent,
                lines: 0,
                refused: 0,
                bytes: 0,
                received_at: SystemTime::now(),
                took: Duration::ZERO,
            },
        });
    }
}

/// What this request and its connection agree by. A request that comes by no connection of ours
/// is agreed on with itself.
fn wire(request: &extract::Request) -> Wire {
    let info = request.extensions().get::<ConnectInfo<Wire>>();
    info.map(|ConnectInfo(wire)| wire.clone())
        .unwrap_or_default()
}

fn respond(answer: Answer) -> Response<Body> {
    // Faults are checked when they are planned, and our own answers are valid.
    answer.into_response().unwrap_or_else(|_| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}
