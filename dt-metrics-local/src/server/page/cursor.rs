//! The position of a page in the stream of data.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use crate::store::Totals;

/// Identifies a run of the server up to a reset, since the numbers of another run are meaningless.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instance(u128);

impl Instance {
    pub(super) fn new() -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self(since.unwrap_or_default().as_nanos())
    }

    /// The instance after this number of resets.
    pub(super) fn after(self, resets: u64) -> Self {
        Self(self.0.wrapping_add(resets.into()))
    }
}

/// How much of the data a page has received. Its text is the `id` of a server-sent event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) instance: Instance,
    pub(super) lines: u64,
    pub(super) metadata: u64,
    pub(super) rejected: u64,
    pub(super) notes: u64,
    pub(super) requests: u64,
    pub(super) catalogs: u64,
}

impl Cursor {
    /// The position before all data.
    pub(super) fn start(instance: Instance) -> Self {
        Self {
            instance,
            lines: 0,
            metadata: 0,
            rejected: 0,
            notes: 0,
            requests: 0,
            catalogs: 0,
        }
    }

    /// The position after all data.
    pub(super) fn at(instance: Instance, totals: Totals) -> Self {
        Self {
            instance,
            lines: totals.lines,
            metadata: totals.metadata,
            rejected: totals.rejected,
            notes: totals.notes,
            requests: totals.requests,
            catalogs: totals.catalogs,
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}-{}-{}-{}-{}-{}-{}",
            self.instance.0,
            self.lines,
            self.metadata,
            self.rejected,
            self.notes,
            self.requests,
            self.catalogs
        )
    }
}

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let (instance, rest) = text.split_once('-').ok_or(NotACursor)?;
        let instance = instance.parse().map_err(|_| NotACursor)?;
        let mut numbers = rest.split('-').map(str::parse);
        let mut next = || numbers.next().and_then(Result::ok).ok_or(NotACursor);
        let cursor = Self {
            instance: Instance(instance),
            lines: next()?,
            metadata: next()?,
            rejected: next()?,
            notes: next()?,
            requests: next()?,
            catalogs: next()?,
        };
        match numbers.next() {
            None => Ok(cursor),
            Some(_) => Err(NotACursor),
        }
    }
}

/// A text that is not the `id` of an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotACursor;
