//! The bodies of the newest requests, for a page that shows the lines of a request.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::protocol::Line;

/// Maximum number of requests whose bodies are kept.
const MAX_REQUESTS: usize = 500;

/// Maximum size of all kept bodies together, in bytes.
pub(crate) const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The body of a request.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// Metric lines as received, accepted or not.
    Text(Arc<[u8]>),
    /// The equivalent lines of the data points that were accepted over OTLP.
    Points(Vec<Arc<Line>>),
}

impl Content {
    fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Points(lines) => lines.iter().map(|line| line.text.len()).sum(),
        }
    }
}

/// The bodies of the newest requests, oldest first.
#[derive(Debug, Default)]
pub(super) struct Recent {
    kept: VecDeque<(u64, Content)>,
    bytes: usize,
}

impl Recent {
    /// Adds the body of the request with this number. A body over the limit is not kept.
    pub(super) fn add(&mut self, number: u64, content: Content) {
        let bytes = content.bytes();
        if bytes == 0 || bytes > MAX_BYTES {
            return;
        }
        while self.kept.len() >= MAX_REQUESTS || self.bytes + bytes > MAX_BYTES {
            let Some((_, dropped)) = self.kept.pop_front() else {
                break;
            };
            self.bytes -= dropped.bytes();
        }
        self.bytes += bytes;
        self.kept.push_back((number, content));
    }

    /// The body of a request; `None` if it was empty, too large, or is not kept any more.
    pub(super) fn get(&self, number: u64) -> Option<&Content> {
        let mut newest = self.kept.iter().rev();
        newest
            .find(|(known, _)| *known == number)
            .map(|(_, content)| content)
    }
}
