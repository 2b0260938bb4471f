//! Reads the body of a request up to a limit.

use std::future::poll_fn;
use std::pin::Pin;

use axum::body::{Body, HttpBody};

/// How much of a body over its limit is still read and discarded: a client whose connection is
/// closed while it writes would not read the response.
const DISCARDED: u64 = 64 * 1024 * 1024;

/// The body of a request, as far as it was read.
pub(crate) struct Received {
    pub(crate) content: Result<Vec<u8>, Unread>,
    /// The number of bytes read, before decompression.
    pub(crate) bytes: u64,
}

/// Why the content of a body is unknown.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Unread {
    /// It is over the limit, before or after decompression.
    TooLarge,
    /// It cannot be decompressed.
    #[cfg(feature = "otlp")]
    Broken(String),
}

/// Reads a body and keeps at most `limit` bytes of it.
///
/// # Errors
///
/// The connection broke, or the framing of the body is invalid.
pub(crate) async fn read_body(mut body: Body, limit: usize) -> Result<Received, axum::Error> {
    let mut content = Ok(Vec::new());
    let mut bytes = 0_u64;
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(data) = frame?.into_data() else {
            continue; // Trailers.
        };
        bytes = bytes.saturating_add(u64::try_from(data.len()).unwrap_or(u64::MAX));
        match &mut content {
            Ok(kept) if kept.len().saturating_add(data.len()) <= limit => {
                kept.extend_from_slice(&data);
            }
            _ => content = Err(Unread::TooLarge),
        }
        if content.is_err() && bytes > DISCARDED {
            break;
        }
    }
    Ok(Received { content, bytes })
}
