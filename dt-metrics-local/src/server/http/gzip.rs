//! Bodies that come compressed.

use std::io::{self, Read};

use axum::http::HeaderMap;
use axum::http::header::CONTENT_ENCODING;
use flate2::read::MultiGzDecoder;

use super::body::{Received, Unread};

/// Whether a body is encoded by gzip, and by nothing else.
pub(in crate::server) fn is_gzip(headers: &HeaderMap) -> bool {
    let mut encodings = headers.get_all(CONTENT_ENCODING).iter();
    let (first, second) = (encodings.next(), encodings.next());
    second.is_none()
        && first
            .and_then(|value| value.to_str().ok())
            .is_some_and(|encoding| encoding.trim().eq_ignore_ascii_case("gzip"))
}

/// Decompresses a body by gzip, others stay; it is given up once it is over the limit, so
/// that a small body cannot fill the memory.
pub(in crate::server) fn unpack(received: Received, headers: &HeaderMap, limit: usize) -> Received {
    if !is_gzip(headers) {
        return received;
    }
    let Received { content, bytes } = received;
    let content = content.and_then(|packed| decompress(&packed, limit));
    Received { content, bytes }
}

fn decompress(packed: &[u8], limit: usize) -> Result<Vec<u8>, Unread> {
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
