//! The series of an instrument whose dimensions are known only at run time.

use core::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::local;
use super::series::Series;
use super::set::{self, DimensionSet};
use super::value::{OwnedValue, Value};
use crate::descriptor::Descriptor;

/// The most series of an instrument that has no limit of its own, as in OpenTelemetry's SDK.
static CARDINALITY_LIMIT: AtomicU32 = AtomicU32::new(2_000);

/// Seeded anew in each process, so that nobody can choose values that collide.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::default);

/// Sets the limit for instruments without one of their own. Series that exist stay.
#[cfg(feature = "dynatrace")]
pub(crate) fn set_cardinality_limit(limit: u32) {
    CARDINALITY_LIMIT.store(limit, Ordering::Relaxed);
}

/// Combinations of values → slot.
pub(super) struct Table {
    descriptor: &'static Descriptor,
    template: &'static [Option<Value<'static>>],
    state: Mutex<State>,
}

struct State {
    slots: HashTable<Row>,
    overflow: Option<u32>,
}

struct Row {
    hash: u64,
    values: Box<[Option<OwnedValue>]>,
    slot: u32,
}

impl Table {
    pub(super) const fn new(
        descriptor: &'static Descriptor,
        template: &'static [Option<Value<'static>>],
    ) -> Self {
        let state = State {
            slots: HashTable::new(),
            overflow: None,
        };
        Self {
            descriptor,
            template,
            state: Mutex::new(state),
        }
    }

    /// The slot of a combination; beyond the limit, the one that all others share.
    pub(super) fn slot<S: DimensionSet>(&self, values: &S) -> u32 {
        let hash = set::hash(values, &*HASHER);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { slots, overflow } = &mut *state;
        let full = slots.len() >= self.limit();
        match slots.entry(
            hash,
            |row| row.hash == hash && values.is(&row.values),
            |row| row.hash,
        ) {
            Entry::Occupied(row) => row.get().slot,
            Entry::Vacant(_) if full => *overflow.get_or_insert_with(|| {
                local::register(|| None, || Series::overflow(self.descriptor), |_| ())
            }),
            Entry::Vacant(vacant) => {
                let mut kept = Vec::new();
                values.keep(&mut kept);
                let mut called = kept.iter().cloned();
                let all = self.template.iter().map(|value| match value {
                    Some(value) => Some(value.keep()),
                    None => called.next().flatten(),
                });
                let series = Series::new(self.descriptor, all);
                let slot = local::register(|| None, || series, |_| ());
                vacant.insert(Row {
                    hash,
                    values: kept.into(),
                    slot,
                });
                slot
            }
        }
    }

    fn limit(&self) -> usize {
        match self.descriptor.max_series {
            0 => CARDINALITY_LIMIT.load(Ordering::Relaxed) as usize,
            limit => limit as usize,
        }
    }
}
