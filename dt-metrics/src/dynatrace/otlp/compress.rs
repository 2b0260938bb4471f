//! Smaller requests.

use std::io::Write;

use flate2::write::GzEncoder;

/// What is done to the body of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::dynatrace) enum Compression {
    None,
    Gzip,
}

impl Compression {
    /// What is sent in place of these bytes, if anything is, and its encoding.
    pub(in crate::dynatrace) fn pack(self, bytes: &[u8]) -> Option<(Vec<u8>, &'static str)> {
        match self {
            Self::None => None,
            Self::Gzip => gzip(bytes).map(|packed| (packed, "gzip")),
        }
    }
}

/// At the fastest level, which makes metrics about a tenth of their size; `None` if that fails,
/// which writing to memory does not.
fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}
