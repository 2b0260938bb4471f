//! The service that a layer makes.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Method, Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::body::MeasuredBody;
use crate::call::{Call, End, Guard, name_of};

/// A layer that starts to measure a request.
pub trait Measure {
    /// The state that it keeps of a call.
    type Call: Call;

    /// A call begins.
    fn begin<B: Body + 'static>(&self, request: &mut Request<B>) -> Self::Call;
}

/// A service whose calls are measured. [`HttpServerMetrics`](crate::HttpServerMetrics) and the other layers of
/// this crate create it.
#[derive(Clone, Debug)]
pub struct MeasuredService<S, L> {
    inner: S,
    layer: L,
}

impl<S, L> MeasuredService<S, L> {
    pub(crate) fn new(inner: S, layer: L) -> Self {
        Self { inner, layer }
    }

    #[cfg(feature = "reqwest")]
    pub(crate) fn inner(&mut self) -> &mut S {
        &mut self.inner
    }
}

impl<S, L, B, R> Service<Request<B>> for MeasuredService<S, L>
where
    S: Service<Request<B>, Response = Response<R>>,
    L: Measure,
    B: Body + 'static,
    R: Body,
{
    type Response = Response<MeasuredBody<R, L::Call>>;
    type Error = S::Error;
    type Future = MeasuredFuture<S::Future, L::Call>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let method = request.method().clone();
        // Before the inner service is called: if that panics, the call has ended by a panic.
        let guard = Guard::new(self.layer.begin(&mut request));
        MeasuredFuture {
            inner: self.inner.call(request),
            method,
            guard,
        }
    }
}

pin_project! {
    /// The future of a [`MeasuredService`].
    #[derive(Debug)]
    pub struct MeasuredFuture<F, C: Call> {
        #[pin]
        inner: F,
        method: Method,
        guard: Guard<C>,
    }
}

impl<F, C, R, E> Future for MeasuredFuture<F, C>
where
    F: Future<Output = Result<Response<R>, E>>,
    C: Call,
    R: Body,
{
    type Output = Result<Response<MeasuredBody<R, C>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.inner.poll(cx));
        let mut guard = std::mem::replace(this.guard, Guard::ended());
        Poll::Ready(match result {
            Ok(response) => Ok(MeasuredBody::wrap(this.method, response, guard)),
            Err(error) => {
                guard.end(End::Failed(name_of::<E>()));
                Err(error)
            }
        })
    }
}
