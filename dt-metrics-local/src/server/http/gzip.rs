//! Decompresses bodies.

use std::io::{self, Read};

use axum::http::HeaderMap;
use axum::http::header::CONTENT_ENCODING;
use flate2::read::MultiGzDecoder;

use super::body::{Received, Unread};

/// Whether gzip is the only encoding of a body.
pub(crate) fn is_gzip(headers: &HeaderMap) -> bool {
    let mut encodings = headers.get_all(CONTENT_ENCODING).iter();
    let (first, second) = (encodings.next(), encodings.next());
    second.is_none()
        && first
            .and_then(|value| value.to_str().ok())
            .is_some_and(|encoding| encoding.trim().eq_ignore_ascii_case("gzip"))
}

/// Decompresses a body if it is encoded with gzip. Stops at the limit, so that a small body cannot
/// exhaust the memory.
pub(crate) fn decompress(received: Received, headers: &HeaderMap, limit: usize) -> Received {
    if !is_gzip(headers) {
        return received;
    }
    let Received { content, bytes } = received;
    let content = content.and_then(|packed| gunzip(&packed, limit));
    Received { content, bytes }
}

fn gunzip(packed: &[u8], limit: usize) -> Result<Vec<u8>, Unread> {
    let one_more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut content = Vec::new();
    match MultiGzDecoder::new(packed)
        .take(one_more)
        .read_to_end(&mut content)
    {
        Ok(_) if content.len() > limit => Err(Unread::TooLarge),
        Ok(_) => Ok(content),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err(Unread::Broken("it ends too early".to_owned()))
        }
        Err(error) => Err(Unread::Broken(error.to_string())),
    }
}
