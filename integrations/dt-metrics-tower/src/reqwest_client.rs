//! The layer for clients around a `reqwest::Client`.

use std::any::TypeId;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use dt_metrics::Dimensions;
use http_body::Body as _;
use pin_project_lite::pin_project;
use reqwest::ResponseBuilderExt as _;
use tower_service::Service;

use crate::body::{MeasuredBody, Read};
use crate::call::{Call, End, Guard, name_of};
use crate::client::{ClientCall, HttpClientMetrics};
use crate::service::MeasuredService;

impl<S, D> Service<reqwest::Request> for MeasuredService<S, HttpClientMetrics<D>>
where
    S: Service<reqwest::Request, Response = reqwest::Response>,
    D: Dimensions + Clone + Send + Sync + 'static,
{
    type Response = reqwest::Response;
    type Error = S::Error;
    type Future = MeasuredReqwest<S::Future, ClientCall<D>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner().poll_ready(cx)
    }

    fn call(&mut self, mut request: reqwest::Request) -> Self::Future {
        let method = request.method().clone();
        let size = request
            .body()
            .map_or(Some(0), |body| body.size_hint().exact());
        let read = size.map_or(Read::Unknown, Read::Promised);
        let uri = request.url().as_str().parse().unwrap_or_default();
        let dimensions = dimensions(&mut request);
        let call = ClientCall::begin(&method, &uri, request.headers(), read, dimensions);
        let guard = Guard::new(call);
        MeasuredReqwest {
            inner: self.inner().call(request),
            method,
            guard,
        }
    }
}

/// The dimensions of the program. `reqwest` hands out the extensions of a request only with the whole
/// request, so this takes them from a copy without the body.
fn dimensions<D: Clone + Send + Sync + 'static>(request: &mut reqwest::Request) -> Option<D> {
    if TypeId::of::<D>() == TypeId::of::<()>() {
        return None;
    }
    let body = request.body_mut().take();
    let copy = request.try_clone();
    *request.body_mut() = body;
    let copy = http::Request::<reqwest::Body>::try_from(copy?).ok()?;
    copy.extensions().get().cloned()
}

pin_project! {
    /// The future of a `reqwest::Client` whose requests are measured.
    #[derive(Debug)]
    pub struct MeasuredReqwest<F, C: Call> {
        #[pin]
        inner: F,
        method: http::Method,
        guard: Guard<C>,
    }
}

impl<F, D, E> Future for MeasuredReqwest<F, ClientCall<D>>
where
    F: Future<Output = Result<reqwest::Response, E>>,
    D: Dimensions + Clone + Send + Sync + 'static,
{
    type Output = Result<reqwest::Response, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.inner.poll(cx));
        let mut guard = std::mem::replace(this.guard, Guard::ended());
        Poll::Ready(match result {
            Ok(response) => Ok(measured(this.method, response, guard)),
            Err(error) => {
                guard.end(End::Failed(name_of::<E>()));
                Err(error)
            }
        })
    }
}

/// `response` with a body that is measured.
fn measured<D: Dimensions + Clone + Send + Sync + 'static>(
    method: &http::Method,
    response: reqwest::Response,
    guard: Guard<ClientCall<D>>,
) -> reqwest::Response {
    let url = response.url().clone();
    let response = http::Response::<reqwest::Body>::from(response);
    let (parts, body) = MeasuredBody::wrap(method, response, guard).into_parts();
    // The URL is an extension that only a builder of responses can set.
    let (with_url, ()) = http::Response::builder()
        .url(url)
        .body(())
        .unwrap_or_default()
        .into_parts();
    let mut parts = parts;
    parts.extensions.extend(with_url.extensions);
    reqwest::Response::from(http::Response::from_parts(parts, reqwest::Body::wrap(body)))
}
