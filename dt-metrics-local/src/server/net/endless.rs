use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;
use tokio::net::TcpStream;

const BODY: &str = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
const CHUNK: &str = concat!(
    "40\r\n",
    "................................................................",
    "\r\n"
);
const HEADER: &str = "X-Endless: ................................................\r\n";

/// An answer that begins well and does not end.
#[derive(Debug, Clone)]
pub(in crate::server) struct Endless {
    begin: String,
    repeated: &'static str,
}

impl Endless {
    pub(in crate::server) fn body(status: u16) -> Self {
        Self {
            begin: format!("HTTP/1.1 {status} Endless\r\n{BODY}"),
            repeated: CHUNK,
        }
    }

    pub(in crate::server) fn headers(status: u16) -> Self {
        Self {
            begin: format!("HTTP/1.1 {status} Endless\r\n"),
            repeated: HEADER,
        }
    }

    /// Writes from a place on; ends only by an error, when the client has gone.
    pub(in crate::server) fn poll_write(
        &self,
        mut stream: Pin<&mut TcpStream>,
        context: &mut Context<'_>,
        place: &mut usize,
    ) -> Poll<io::Error> {
        loop {
            let rest = match self.begin.as_bytes().get(*place..) {
                Some(rest) if !rest.is_empty() => rest,
                _ => {
                    let past = (*place - self.begin.len()) % self.repeated.len();
                    self.repeated.as_bytes().get(past..).unwrap_or_default()
                }
            };
            // The runtime sees to it that a fast reader does not keep us here.
            match ready!(stream.as_mut().poll_write(context, rest)) {
                Ok(written) => *place += written,
                Err(error) => return Poll::Ready(error),
            }
        }
    }
}
