//! Outages on demand: the endpoint fails for a time, so that anyone can watch a program survive it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{self, Request};
use axum::http::Response;
use serde::Serialize;

use super::context::{Page, parameter};
use super::reply;
use crate::server::fault::Fault;

/// The longest outage in seconds.
const MAX_SECONDS: u64 = 600;

/// The answer to `GET /api/outage`.
#[derive(Serialize)]
struct Outage {
    /// The fault of all ingest requests at the moment.
    fault: Option<String>,
    seconds_left: f64,
}

/// Starts an outage of `?seconds=`: `?fault=` is `hang`, `reset` or the status of an answer.
pub(super) async fn start(
    extract::State(page): extract::State<Arc<Page>>,
    request: Request,
) -> Response<Body> {
    let fault = match parameter(&request, "fault").as_deref() {
        // Requests are not read, so that none of their lines is accepted and sent again.
        Some("hang") => Some(Fault::SilentBeforeReading),
        Some("reset") => Some(Fault::ResetBeforeReading),
        Some(status) => status
            .parse()
            .ok()
            .filter(|status| (400..=599).contains(status))
            .map(|status: u16| status.into()),
        None => None,
    };
    let seconds = parameter(&request, "seconds").and_then(|seconds| seconds.parse().ok());
    let seconds = seconds.filter(|seconds| (1..=MAX_SECONDS).contains(seconds));
    let (Some(fault), Some(seconds)) = (fault, seconds) else {
        return reply::bad_request(
            "An outage is ?fault=503&seconds=30: the fault is hang, reset or a status from 400 to \
             599, and the time is at most 600 seconds",
        );
    };
    match page
        .endpoint
        .faults
        .for_time(Duration::from_secs(seconds), fault)
    {
        Ok(()) => current(&page),
        Err(error) => reply::bad_request(&error.to_string()),
    }
}

/// Ends the outage.
pub(super) async fn end(extract::State(page): extract::State<Arc<Page>>) -> Response<Body> {
    page.endpoint.faults.end_outage();
    reply::done()
}

/// The outage at the moment.
pub(super) async fn get(extract::State(page): extract::State<Arc<Page>>) -> Response<Body> {
    current(&page)
}

fn current(page: &Page) -> Response<Body> {
    let (fault, left) = page.endpoint.faults.outage().unzip();
    let outage = Outage {
        fault: fault.map(|fault| match fault {
            Fault::SilentBeforeReading => "hang".to_owned(),
            Fault::ResetBeforeReading => "reset".to_owned(),
            Fault::Answer(answer) => answer.status().to_string(),
            other => other.name().to_owned(),
        }),
        seconds_left: left.unwrap_or_default().as_secs_f64(),
    };
    // Structs of numbers and strings always serialize.
    reply::json(serde_json::to_string(&outage).unwrap_or_default())
}
