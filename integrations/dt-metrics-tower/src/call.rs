//! One call from its request to the end of its response, for all protocols.

use std::borrow::Cow;

use http::{HeaderMap, Response};

/// How a call ended.
#[derive(Clone, Copy, Debug)]
pub enum End {
    /// The whole response was sent.
    Complete,
    /// The service, or the body of the response, failed with an error of this type.
    Failed(&'static str),
    /// The response was dropped before its end: the client disconnected, or a timeout expired.
    Cancelled,
    /// The service panicked.
    Panicked,
}

impl End {
    /// The end of a call that is dropped before its end.
    pub(crate) fn dropped() -> Self {
        if std::thread::panicking() {
            Self::Panicked
        } else {
            Self::Cancelled
        }
    }

    /// The value of `error.type`, if the call did not end well.
    pub(crate) fn error_type(self) -> Option<Cow<'static, str>> {
        match self {
            Self::Complete => None,
            Self::Failed(name) => Some(name.into()),
            Self::Cancelled => Some("cancelled".into()),
            Self::Panicked => Some("panic".into()),
        }
    }
}

/// The name of an error's type; `_OTHER`, as the semantic conventions have it, if only its trait is
/// known.
pub(crate) fn name_of<E>() -> &'static str {
    let name = std::any::type_name::<E>();
    if name.contains("dyn ") {
        "_OTHER"
    } else {
        name
    }
}

/// The state that a layer keeps of a call, and its records.
pub trait Call {
    /// The head of the response has come.
    fn respond<B>(&mut self, response: &Response<B>);

    /// The trailers of the response have come.
    fn trailers(&mut self, trailers: &HeaderMap);

    /// The call is over; `sent` is the size of the response's body in bytes.
    fn end(self, end: End, sent: u64);
}

/// Ends a call when it is dropped.
#[derive(Debug)]
pub(crate) struct Guard<C: Call> {
    call: Option<C>,
    sent: u64,
    /// The size in the head of the response: after so many bytes the body is not polled again.
    promised: Option<u64>,
}

impl<C: Call> Guard<C> {
    pub(crate) fn new(call: C) -> Self {
        Self {
            call: Some(call),
            sent: 0,
            promised: None,
        }
    }

    /// The guard of a call that is over.
    pub(crate) fn ended() -> Self {
        Self {
            call: None,
            sent: 0,
            promised: None,
        }
    }

    /// The head of the response has arrived, with a body of `promised` bytes if its length is
    /// known.
    pub(crate) fn respond<B>(&mut self, response: &Response<B>, promised: Option<u64>) {
        self.promised = promised;
        if let Some(call) = &mut self.call {
            call.respond(response);
        }
    }

    pub(crate) fn trailers(&mut self, trailers: &HeaderMap) {
        if let Some(call) = &mut self.call {
            call.trailers(trailers);
        }
    }

    /// Counts bytes of the response's body.
    pub(crate) fn send(&mut self, bytes: usize) {
        self.sent = self.sent.saturating_add(bytes as u64);
    }

    /// Ends the call, unless it is over already.
    pub(crate) fn end(&mut self, end: End) {
        if let Some(call) = self.call.take() {
            call.end(end, self.sent);
        }
    }
}

impl<C: Call> Drop for Guard<C> {
    fn drop(&mut self) {
        let whole = self.promised.is_some_and(|promised| self.sent >= promised);
        self.end(if whole { End::Complete } else { End::dropped() });
    }
}
