use std::fmt;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use super::pace::Pace;
use super::wire::{Wire, Writing};
use crate::server::fault::Fault;
use crate::server::ingest::handler::Endpoint;
use crate::store::Held;

/// How an ingest request begins. Others are not for faults.
const POST: &[u8] = b"POST ";

/// How a TLS handshake begins (RFC 8446, 5.1). Nobody here answers one, but it can be met by
/// silence or a reset.
const TLS_HANDSHAKE: u8 = 22;

/// The most that is read at a time at a slow pace.
const SLOW_READ: usize = 4_096;

/// How often a connection that is not read is looked at: its client may have gone.
const LOOK: Duration = Duration::from_millis(250);

/// A TCP connection that may be faulty.
pub(in crate::server) struct Connection {
    stream: TcpStream,
    wire: Wire,
    endpoint: Arc<Endpoint>,
    silence: Option<Silence>,
    slow_reading: Option<u32>,
    reading: Pace,
    writing: Pace,
    /// How much was written of an answer without end.
    written: usize,
}

/// A request that is not even read.
struct Silence {
    look: Pin<Box<Sleep>>,
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
            reading: Pace::default(),
            writing: Pace::default(),
            written: 0,
        }
    }

    pub(in crate::server) fn wire(&self) -> Wire {
        self.wire.clone()
    }

    /// Looks at the next request without reading it, and does what is to be done before reading.
    fn poll_begin(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut first = [0; POST.len()];
        let mut first = ReadBuf::new(&mut first);
        let bytes = ready!(self.stream.poll_peek(context, &mut first))?;
        if bytes == 0 || !self.wire.begin() {
            return Poll::Ready(Ok(()));
        }
        self.slow_reading = None;
        let first = first.filled();
        if !POST.starts_with(first) && !first.starts_with(&[TLS_HANDSHAKE]) {
            return Poll::Ready(Ok(()));
        }
        let Some(fault) = self.endpoint.faults.take_before_reading() else {
            return Poll::Ready(Ok(()));
        };
        match fault {
            Fault::ResetBeforeReading => {
                self.endpoint.not_read(&fault);
                return Poll::Ready(Err(self.reset()));
            }
            Fault::SilentBeforeReading => {
                self.endpoint.not_read(&fault);
                self.silence = Some(Silence {
                    look: Box::pin(sleep(LOOK)),
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

    /// Waits until the client has gone, without reading.
    fn poll_silence(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        while let Some(silence) = &mut self.silence {
            ready!(silence.look.as_mut().poll(context));
            match pin!(self.stream.ready(Interest::READABLE)).poll(context) {
                Poll::Ready(Ok(ready)) if ready.is_read_closed() => break,
                Poll::Ready(Err(_)) => break,
                _ => silence.look = Box::pin(sleep(LOOK)),
            }
        }
        Poll::Ready(io::ErrorKind::ConnectionAborted.into())
    }

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
        self.reading.went(bytes.filled().len(), bytes_per_second);
        Poll::Ready(Ok(()))
    }

    /// Has the connection end by a reset once it is closed, which follows from the error.
    fn reset(&self) -> io::Error {
        // No orderly end before it, which would hide it.
        self.wire.write(Writing::Reset);
        // Where the system does not do it, the connection is closed in the usual way.
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
                this.writing.went(written, bytes_per_second);
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
