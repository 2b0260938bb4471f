//! A response that never ends.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;
use tokio::net::TcpStream;

use crate::server::response::NAME;

const BODY: &str = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
const CHUNK: &str = concat!(
    "40\r\n",
    "................................................................",
    "\r\n"
);
const HEADER: &str = "X-Endless: ................................................\r\n";

/// A response that begins correctly and never ends.
#[derive(Debug, Clone)]
pub(crate) struct Endless {
    begin: String,
    repeated: &'static str,
}

impl Endless {
    /// A response whose body never ends.
    pub(crate) fn body(status: u16) -> Self {
        Self {
            begin: format!("HTTP/1.1 {status} Endless\r\nServer: {NAME}\r\n{BODY}"),
            repeated: CHUNK,
        }
    }

    /// A response whose headers never end.
    pub(crate) fn headers(status: u16) -> Self {
        Self {
            begin: format!("HTTP/1.1 {status} Endless\r\nServer: {NAME}\r\n"),
            repeated: HEADER,
        }
    }

    /// Writes on from the byte number `written`. Ends only with an error, when the client has
    /// disconnected.
    pub(crate) fn poll_write(
        &self,
        mut stream: Pin<&mut TcpStream>,
        context: &mut Context<'_>,
        written: &mut usize,
    ) -> Poll<io::Error> {
        loop {
            let rest = match self.begin.as_bytes().get(*written..) {
                Some(rest) if !rest.is_empty() => rest,
                _ => {
                    let offset = (*written - self.begin.len()) % self.repeated.len();
                    self.repeated.as_bytes().get(offset..).unwrap_or_default()
                }
            };
            // Tokio's cooperative budget interrupts this loop if the client reads fast.
            match ready!(stream.as_mut().poll_write(context, rest)) {
                Ok(bytes) => *written += bytes,
                Err(error) => return Poll::Ready(error),
            }
        }
    }
}
