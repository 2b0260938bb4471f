use std::future::poll_fn;
use std::pin::Pin;

use axum::body::{Body, HttpBody};

/// How much of a body over its limit is still read, and thrown away: a client that is cut off while
/// it writes does not see the answer.
const DISCARDED: u64 = 64 * 1024 * 1024;

/// A body as far as it was read.
pub(in crate::server) struct Received {
    pub(in crate::server) content: Result<Vec<u8>, Unread>,
    /// Its size as it came, as far as it was read.
    pub(in crate::server) bytes: u64,
}

/// Why there is nothing to judge.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::server) enum Unread {
    /// Over the limit, as it came or once decompressed.
    TooLarge,
    /// It cannot be decompressed.
    #[cfg(feature = "otlp")]
    Broken(String),
}

/// Reads a body, and keeps at most `limit` bytes of it.
///
/// # Errors
///
/// The connection broke, or the framing of the body is wrong.
pub(in crate::server) async fn read(mut body: Body, limit: usize) -> Result<Received, axum::Error> {
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
