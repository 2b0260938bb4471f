//! A request as a file: a line that describes it, and the body.
//!
//! ```text
//! dt-metrics-spool 1 <collected, ms since 1970> <data points> <lines of metadata> <bytes> <crc of the body> <snapshot> <crc of this line>
//! shop.orders,region=eu count,delta=3 1763820000000
//! ```
//!
//! The snapshot is that of the [cells](super::cells) after the collection, as `<file>:<number>`, or `-` if the
//! request is not a part of a collection of such a process. The last request of a collection has
//! `<file>:<number>:<requests of the collection>`.
//!
//! The first line has a checksum of its own, so that a file with a torn body still shows how many
//! data points it had. The line begins with the same two words in every version. A file that claims
//! a newer version is left alone, whether it is intact or not.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::request::SnapshotId;

const MAGIC: &str = "dt-metrics-spool";

const VERSION: u32 = 1;

/// The longest body. No request is nearly as long, and a longer file might not fit in memory.
pub(crate) const MAX_BODY: u64 = 64 * 1024 * 1024;

/// The first line, including its line end, is not longer.
pub(crate) const MAX_HEADER: usize = 192;

/// The first line of a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Header {
    /// When the request was collected, in milliseconds since 1970.
    time_ms: u64,
    /// The number of data points.
    pub(crate) lines: u64,
    /// The number of metadata lines.
    pub(crate) metadata: u64,
    /// The length of the body in bytes.
    pub(crate) bytes: u64,
    checksum: u32,
    /// The state of the cells after the collection, if they are in a file.
    pub(crate) snapshot: Option<SnapshotId>,
}

/// Why a file is not a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Damage {
    #[error("it is not complete, or was altered")]
    Header,
    /// The first line is intact, but the body is not.
    #[error("its lines are not complete, or were altered")]
    Body(Header),
    #[error("it was written by a newer version of this library (format {0})")]
    Newer(u32),
}

impl Header {
    pub(crate) fn of(collected: SystemTime, body: &Body, snapshot: Option<SnapshotId>) -> Self {
        let time = collected.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            time_ms: u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
            lines: body.points,
            metadata: body.all_lines() - body.points,
            bytes: u64::try_from(body.len()).unwrap_or(u64::MAX),
            checksum: crc32fast::hash(body.bytes()),
            snapshot,
        }
    }

    /// When the request was collected.
    pub(crate) fn collected(&self) -> SystemTime {
        UNIX_EPOCH
            .checked_add(Duration::from_millis(self.time_ms))
            .unwrap_or(UNIX_EPOCH)
    }

    /// The first line, with its line end.
    pub(crate) fn to_line(self) -> String {
        let snapshot = self.snapshot.map_or_else(
            || "-".into(),
            |SnapshotId {
                 file,
                 number,
                 requests,
             }| match requests {
                Some(requests) => format!("{file:016x}:{number}:{requests}"),
                None => format!("{file:016x}:{number}"),
            },
        );
        let text = format!(
            "{MAGIC} {VERSION} {} {} {} {} {:08x} {snapshot} ",
            self.time_ms, self.lines, self.metadata, self.bytes, self.checksum
        );
        format!("{text}{:08x}\n", crc32fast::hash(text.as_bytes()))
    }

    /// Reads the beginning of a file. Returns the header and the length of the first line.
    pub(crate) fn parse(start: &[u8]) -> Result<(Self, usize), Damage> {
        let start = &start[..start.len().min(MAX_HEADER)];
        let end = start.iter().position(|&byte| byte == b'\n');
        let line = str::from_utf8(&start[..=end.ok_or(Damage::Header)?]);
        let line = line.map_err(|_| Damage::Header)?;
        let words: Vec<_> = line.split(' ').collect();
        if let [MAGIC, version, _, ..] = words[..]
            && let Ok(version) = version.parse()
            && version > VERSION
        {
            return Err(Damage::Newer(version));
        }
        // The line is intact if the numbers in it make the same line, checksum included.
        let header = Self::parse_words(&words)
            .filter(|header| header.to_line() == line)
            .filter(Self::is_plausible);
        Ok((header.ok_or(Damage::Header)?, line.len()))
    }

    /// Whether the body has room for all lines: each has a character and, but for the last, a line
    /// end. Data points of OTLP are longer.
    fn is_plausible(&self) -> bool {
        let all = self.lines.checked_add(self.metadata);
        let room = self.bytes.div_ceil(2);
        self.bytes <= MAX_BODY && self.lines > 0 && all.is_some_and(|all| all <= room)
    }

    fn parse_words(words: &[&str]) -> Option<Self> {
        let [_, _, time_ms, lines, metadata, bytes, checksum, snapshot, _] = words else {
            return None;
        };
        Some(Self {
            time_ms: time_ms.parse().ok()?,
            lines: lines.parse().ok()?,
            metadata: metadata.parse().ok()?,
            bytes: bytes.parse().ok()?,
            checksum: u32::from_str_radix(checksum, 16).ok()?,
            snapshot: match snapshot.split_once(':') {
                Some((file, numbers)) => {
                    let (number, requests) = match numbers.split_once(':') {
                        Some((number, requests)) => (number, Some(requests.parse().ok()?)),
                        None => (numbers, None),
                    };
                    Some(SnapshotId {
                        file: u64::from_str_radix(file, 16).ok()?,
                        number: number.parse().ok()?,
                        requests,
                    })
                }
                None => None,
            },
        })
    }
}

/// The data points in a file whose first line is damaged, as far as they can be counted; at least
/// one, since a request is never empty.
pub(crate) fn count_points(file: &[u8], format: Format) -> u64 {
    let body = file.split_inclusive(|&byte| byte == b'\n').next();
    let body = body.and_then(|first| file.get(first.len()..));
    body.and_then(|body| Body::count(format, body))
        .map_or(1, |(points, _)| points.max(1))
}

/// Reads a complete file.
pub(crate) fn parse(mut file: Vec<u8>, format: Format) -> Result<(Header, Body), Damage> {
    let (header, start) = Header::parse(&file)?;
    file.drain(..start);
    let is_whole =
        u64::try_from(file.len()) == Ok(header.bytes) && crc32fast::hash(&file) == header.checksum;
    let body = is_whole
        .then(|| Body::read(format, file, (header.lines, header.metadata)))
        .flatten()
        .ok_or(Damage::Body(header))?;
    Ok((header, body))
}

#[cfg(test)]
mod tests;
