//! Slots in a row, for dimensions whose types have few values: no table is asked.

use super::super::chunk::MAX_SLOTS;
use super::super::local::SLOTS;
use super::super::set::DimensionSet;
use super::super::sink;
use super::super::value::Value;
use super::Many;
use crate::descriptor::Kind;

/// Combinations of types with few values get consecutive slots up to this number of them.
const MAX_RANGE: usize = 1_024;

/// Slots in a row, one for each combination of the values of some types.
pub(super) struct Range {
    pub(super) signature: u64,
    pub(super) base: u32,
}

impl Many {
    /// Slots for all combinations of `S`, if the limit allows: the types that come first get them,
    /// others go through the table.
    pub(super) fn make_range<S: DimensionSet>(&'static self) -> Option<Range> {
        let combinations = S::COMBINATIONS.filter(|count| *count <= self.limit())?;
        let series = (0..combinations).map(|index| {
            let mut values = Vec::new();
            S::combination(index, &mut |value| values.push(value.map(Value::keep)));
            self.series(&values)
        });
        let base = SLOTS.lock().register_range(series)?;
        if self.descriptor.kind == Kind::Histogram {
            (base..).take(combinations).for_each(sink::prepare);
        }
        Some(Range {
            signature: S::SIGNATURE,
            base,
        })
    }
}

/// Whether the combinations of `S` are few enough for slots in a row.
pub(super) const fn in_range<S: DimensionSet>() -> bool {
    matches!(S::COMBINATIONS, Some(count) if count > 0 && count <= MAX_RANGE)
}

#[inline]
pub(super) fn index<S: DimensionSet>(values: &S) -> u32 {
    const { assert!((MAX_RANGE as u64) < MAX_SLOTS as u64) };
    // At most MAX_RANGE.
    #[allow(clippy::cast_possible_truncation)]
    let index = values.index() as u32;
    index
}
