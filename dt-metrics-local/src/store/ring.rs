use std::collections::VecDeque;
use std::sync::Arc;

/// The newest entries, up to a limit.
#[derive(Debug)]
pub(super) struct Ring<T> {
    entries: VecDeque<Arc<T>>,
    limit: usize,
}

impl<T> Ring<T> {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            limit,
        }
    }

    pub(super) fn push(&mut self, entry: Arc<T>) {
        if self.limit == 0 {
            return;
        }
        if self.entries.len() == self.limit {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.entries.iter().map(AsRef::as_ref)
    }

    /// Newest first.
    pub(super) fn newest(&self) -> impl Iterator<Item = &Arc<T>> {
        self.entries.iter().rev()
    }
}
