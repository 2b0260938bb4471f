//! A TCP connection that can simulate faults.

use std::fmt;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use super::wire::{Wire, Writing};
use crate::server::endpoint::Endpoint;
use crate::server::fault::Fault;
use crate::store::Held;

/// The beginning of an ingest request. Other requests meet no faults.
const POST: &[u8] = b"POST ";

/// The beginning of a TLS handshake (RFC 8446, 5.1). The endpoint has no TLS, but silence and
/// resets also apply to a handshake.
const TLS_HANDSHAKE: u8 = 22;

/// Maximum number of bytes per read at a slow pace.
const SLOW_READ: usize = 4_096;

/// How often an unread connection is checked for a client that has disconnected.
const CHECK_PERIOD: Duration = Duration::from_millis(250);

/// A TCP connection that can simulate faults.
pub(super) struct Connection {
    stream: TcpStream,
    wire: Wire,
    endpoint: Arc<Endpoint>,
    silence: Option<Silence>,
    slow_reading: Option<u32>,
    /// When the head of the current request must be complete.
    head_end: Option<Pin<Box<Sleep>>>,
    reading: Pace,
    writing: Pace,
    /// Number of bytes written of a response without end.
    written: usize,
}

/// A request that is left unread.
struct Silence {
    next_check: Pin<Box<Sleep>>,
    _held: Held,
}

impl Connection {
    pub(in crate::server) fn new(stream: TcpStream, endpoint: Arc<Endpoint>) -> Self {
        Self {
            stream,
            wire: Wire::default(),
            endpoint,
            silence: None,
            slow_reading: None,
            head_end: None,
            reading: Pace::default(),
            writing: Pace::default(),
            written: 0,
        }
    }

    pub(in crate::server) fn wire(&self) -> Wire {
        self.wire.clone()
    }

    /// Peeks at the next request, and applies its fault if it takes effect before reading.
    fn poll_begin(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut first = [0; POST.len()];
        let mut first = ReadBuf::new(&mut first);
        let bytes = ready!(self.stream.poll_peek(context, &mut first))?;
        if bytes == 0 || !self.wire.begin() {
            return Poll::Ready(Ok(()));
        }
        self.slow_reading = None;
        self.head_end = Some(Box::pin(sleep(self.endpoint.request_timeout)));
        let first = first.filled();
        if !POST.starts_with(first) && !first.starts_with(&[TLS_HANDSHAKE]) {
            return Poll::Ready(Ok(()));
        }
        let Some(fault) = self.endpoint.faults.take_before_reading() else {
            return Poll::Ready(Ok(()));
        };
        match fault {
            Fault::ResetBeforeReading => {
                self.endpoint.add_unread(&fault);
                return Poll::Ready(Err(self.reset()));
            }
            Fault::SilentBeforeReading => {
                self.endpoint.add_unread(&fault);
                self.silence = Some(Silence {
                    next_check: Box::pin(sleep(CHECK_PERIOD)),
                    _held: self.endpoint.store.hold(),
                });
            }
            Fault::SlowReading { bytes_per_second } => {
                self.slow_reading = Some(bytes_per_second);
                self.wire.begin_with(fault);
            }
            _ => {}
        }
        Poll::Ready(Ok(()))
    }

    /// Ends with an error if the head of the current request is not complete in time. A slow pace is
    /// a fault of the endpoint, not of the client.
    fn poll_late(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        if self.slow_reading.is_some() || !self.wire.is_in_head() {
            self.head_end = None;
        }
        match &mut self.head_end {
            Some(end) => {
                ready!(end.as_mut().poll(context));
                Poll::Ready(io::ErrorKind::TimedOut.into())
            }
            None => Poll::Pending,
        }
    }

    /// Waits until the client disconnects, without reading.
    fn poll_silence(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        while let Some(silence) = &mut self.silence {
            ready!(silence.next_check.as_mut().poll(context));
            match pin!(self.stream.ready(Interest::READABLE)).poll(context) {
                Poll::Ready(Ok(ready)) if ready.is_read_closed() => break,
                Poll::Ready(Err(_)) => break,
                _ => silence.next_check = Box::pin(sleep(CHECK_PERIOD)),
            }
        }
        Poll::Ready(io::ErrorKind::ConnectionAborted.into())
    }

    /// Reads at a slow pace.
    fn poll_slow_read(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
        bytes_per_second: u32,
    ) -> Poll<io::Result<()>> {
        let step = ready!(self.reading.poll_step(context, bytes_per_second));
        let mut bytes = [0; SLOW_READ];
        let most = step.min(SLOW_READ).min(buffer.remaining());
        let mut bytes = ReadBuf::new(bytes.split_at_mut(most).0);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut bytes))?;
        buffer.put_slice(bytes.filled());
        self.reading.delay(bytes.filled().len(), bytes_per_second);
        Poll::Ready(Ok(()))
    }

    /// Makes the connection end with a reset. The returned error makes the HTTP server close it.
    fn reset(&self) -> io::Error {
        // A graceful shutdown before the reset would hide it.
        self.wire.write(Writing::Reset);
        // If the system refuses, the connection is closed gracefully.
        let _ = self.stream.set_zero_linger();
        io::ErrorKind::ConnectionAborted.into()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.wire.is_in_request() {
            ready!(this.poll_begin(context))?;
        }
        if this.silence.is_some() {
            return this.poll_silence(context).map(Err);
        }
        if let Poll::Ready(error) = this.poll_late(context) {
            return Poll::Ready(Err(error));
        }
        match this.slow_reading {
            Some(pace) => this.poll_slow_read(context, buffer, pace),
            None => Pin::new(&mut this.stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let stream = Pin::new(&mut this.stream);
        match this.wire.writing() {
            Writing::Plain => stream.poll_write(context, bytes),
            Writing::Slow { bytes_per_second } => {
                let step = ready!(this.writing.poll_step(context, bytes_per_second));
                let bytes = bytes.get(..step).unwrap_or(bytes);
                let written = ready!(stream.poll_write(context, bytes))?;
                this.writing.delay(written, bytes_per_second);
                Poll::Ready(Ok(written))
            }
            Writing::Endless(endless) => endless
                .poll_write(stream, context, &mut this.written)
                .map(Err),
            Writing::Reset => Poll::Ready(Err(this.reset())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match this.wire.writing() {
            Writing::Reset => Poll::Ready(Ok(())),
            _ => Pin::new(&mut this.stream).poll_shutdown(context),
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}

/// Limits a stream to a number of bytes per second.
#[derive(Debug, Default)]
struct Pace(Option<Pin<Box<Sleep>>>);

impl Pace {
    /// Steps per second at most; a faster pace has larger steps.
    const STEPS: u32 = 20;

    /// Waits for the next step and returns its number of bytes.
    fn poll_step(&mut self, context: &mut Context<'_>, bytes_per_second: u32) -> Poll<usize> {
        if let Some(sleep) = &mut self.0 {
            ready!(sleep.as_mut().poll(context));
            self.0 = None;
        }
        let step = bytes_per_second.div_ceil(Self::STEPS).max(1);
        Poll::Ready(usize::try_from(step).unwrap_or(usize::MAX))
    }

    /// Delays the next step by the time that these bytes take.
    fn delay(&mut self, bytes: usize, bytes_per_second: u32) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let pause = Duration::from_secs(1).saturating_mul(bytes) / bytes_per_second.max(1);
        self.0 = Some(Box::pin(sleep(pause)));
    }
}
