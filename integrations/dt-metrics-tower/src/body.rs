//! Bodies that are measured while they are read.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http::{Method, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::call::{Call, End, Guard, name_of};

pin_project! {
    /// The body of a response, which is measured until its end.
    #[derive(Debug)]
    pub struct MeasuredBody<B, C: Call> {
        #[pin]
        inner: B,
        guard: Guard<C>,
    }
}

impl<B: Body, C: Call> MeasuredBody<B, C> {
    /// Measures the body of `response`, which answers a request with this method.
    pub(crate) fn wrap(
        method: &Method,
        response: Response<B>,
        mut guard: Guard<C>,
    ) -> Response<Self> {
        guard.respond(&response, promised(method, &response));
        if response.body().is_end_stream() {
            guard.end(End::Complete);
        }
        response.map(|inner| Self { inner, guard })
    }
}

/// The number of bytes of the body that will be polled, if the head of the response contains it.
fn promised<B: Body>(method: &Method, response: &Response<B>) -> Option<u64> {
    let status = response.status();
    let without = status.is_informational()
        || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if without || *method == Method::HEAD {
        return Some(0);
    }
    let header = || {
        let value = response.headers().get(header::CONTENT_LENGTH)?;
        value.to_str().ok()?.parse().ok()
    };
    response.body().size_hint().exact().or_else(header)
}

impl<B: Body, C: Call> Body for MeasuredBody<B, C> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.inner.as_mut().poll_frame(cx));
        let ended = this.inner.is_end_stream();
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    this.guard.send(data.remaining());
                } else if let Some(trailers) = frame.trailers_ref() {
                    this.guard.trailers(trailers);
                }
            }
            Some(Err(_)) => this.guard.end(End::Failed(name_of::<B::Error>())),
            None => this.guard.end(End::Complete),
        }
        if ended {
            // The server may not poll again.
            this.guard.end(End::Complete);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// How much of the body of a request was read.
#[derive(Debug)]
pub(crate) enum Read {
    /// All that its head promises.
    Promised(u64),
    /// The bytes are counted while the service reads the body.
    Counted(Arc<AtomicU64>),
    /// It is of a type that cannot be looked into.
    Unknown,
}

impl Read {
    /// Looks at the body, and counts the bytes that the service reads if the size is not known.
    pub(crate) fn of<B: Body + 'static>(body: &mut B) -> Self {
        match body.size_hint().exact() {
            Some(size) => Self::Promised(size),
            None => count(body).map_or(Self::Unknown, Self::Counted),
        }
    }

    /// In bytes.
    pub(crate) fn size(&self) -> Option<u64> {
        match self {
            Self::Promised(size) => Some(*size),
            Self::Counted(read) => Some(read.load(Ordering::Relaxed)),
            Self::Unknown => None,
        }
    }
}

/// Counts the bytes that are read from `body`, if it is of a type that can hold any body.
#[cfg(feature = "axum")]
fn count<B: 'static>(body: &mut B) -> Option<Arc<AtomicU64>> {
    let body = (body as &mut dyn std::any::Any).downcast_mut::<axum::body::Body>()?;
    let read = Arc::new(AtomicU64::new(0));
    *body = axum::body::Body::new(CountedBody {
        inner: std::mem::take(body),
        read: Arc::clone(&read),
    });
    Some(read)
}

#[cfg(not(feature = "axum"))]
fn count<B: 'static>(_: &mut B) -> Option<Arc<AtomicU64>> {
    None
}

#[cfg(feature = "axum")]
pin_project! {
    struct CountedBody {
        #[pin]
        inner: axum::body::Body,
        read: Arc<AtomicU64>,
    }
}

#[cfg(feature = "axum")]
impl Body for CountedBody {
    type Data = bytes::Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.project();
        let frame = ready!(this.inner.poll_frame(cx));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            this.read
                .fetch_add(data.remaining() as u64, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
