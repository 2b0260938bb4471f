//! An instrument with dimensions that are known at run time. (First form: a shared table.)

use super::local;
use super::set::DimensionSet;
use super::table::Table;
use super::value::Value;
use crate::descriptor::Descriptor;

/// The series of an instrument that has any number of them.
pub(super) struct Many {
    table: Table,
}

impl Many {
    pub(super) const fn new(
        descriptor: &'static Descriptor,
        values: &'static [Option<Value<'static>>],
    ) -> Self {
        Self {
            table: Table::new(descriptor, values),
        }
    }

    /// Adds `n` to the series of `values` and returns its slot.
    pub(super) fn add<S: DimensionSet>(&'static self, n: u64, values: &S) -> u32 {
        let slot = self.table.slot(values);
        if !local::add(slot, n) {
            local::add_cold(slot, n);
        }
        slot
    }
}
