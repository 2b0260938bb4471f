//! Reads the body of a request up to a limit.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use tokio::time::timeout;

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

/// Why a body was not read to its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// The connection broke, or the framing of the body is invalid.
    Broken,
    /// Nothing came for too long.
    Late,
}

/// Reads a body and keeps at most `limit` bytes of it.
///
/// # Errors
///
/// The connection broke, the framing of the body is invalid, or the client sent nothing for
/// `patience`.
pub(crate) async fn read_body(
    mut body: Body,
    limit: usize,
    patience: Duration,
) -> Result<Received, BodyError> {
    let mut content = Ok(Vec::new());
    let mut bytes = 0_u64;
    loop {
        let frame = poll_fn(|context| Pin::new(&mut body).poll_frame(context));
        let Some(frame) = timeout(patience, frame)
            .await
            .map_err(|_| BodyError::Late)?
        else {
            break;
        };
        let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else {
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
