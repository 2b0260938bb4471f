//! A request that waits.

use tokio::time::Instant;

use super::super::age::Collected;
use super::super::body::Body;
use super::super::place::Place;
use super::super::spool::Stored;
use super::Batch;

/// A request that waits: in memory, on disk, or both.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) place: Place,
    pub(super) collected: Collected,
    pub(super) collection: u64,
    pub(super) attempts: u32,
    pub(super) first_sent: Option<Instant>,
    pub(super) passed_before: u64,
    pub(super) is_aside: bool,
    pub(super) piece: u8,
    /// Data points.
    pub(super) lines: u64,
    pub(super) bytes: usize,
    /// `None`: only on disk.
    pub(super) body: Option<Body>,
    /// The keys that its metadata is about, if it is only on disk.
    described: Box<[Box<str>]>,
}

impl Waiting {
    /// What an earlier process left. This one says anew what its own metrics mean.
    pub(super) fn found(stored: &Stored, collection: u64) -> Self {
        Self {
            place: stored.place,
            collected: Collected::at(stored.header.collected()),
            collection,
            attempts: 0,
            first_sent: None,
            passed_before: 0,
            is_aside: false,
            piece: 0,
            lines: stored.header.lines,
            bytes: usize::try_from(stored.header.bytes).unwrap_or(usize::MAX),
            body: None,
            described: Box::default(),
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        if self.body.is_some() { self.bytes } else { 0 }
    }

    /// Keeps it on disk only.
    pub(super) fn leave_to_disk(&mut self) {
        self.described = self.described_keys().into_iter().collect();
        self.body = None;
    }

    pub(super) fn described_keys(&self) -> Vec<Box<str>> {
        match &self.body {
            Some(body) => body.described_keys().map(Into::into).collect(),
            None => self.described.to_vec(),
        }
    }
}

impl From<Batch> for Waiting {
    fn from(batch: Batch) -> Self {
        Self {
            place: batch.place,
            collected: batch.collected,
            collection: batch.collection,
            attempts: batch.attempts,
            first_sent: batch.first_sent,
            passed_before: batch.passed_before,
            is_aside: batch.is_aside,
            piece: batch.piece,
            lines: batch.body.lines,
            bytes: batch.body.len(),
            body: Some(batch.body),
            described: Box::default(),
        }
    }
}
