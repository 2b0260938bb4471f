//! Tests of the table: combinations whose parts of hashes are the same, and the size of a row.

use super::*;
use crate::descriptor::{Descriptor, Kind};
use crate::instrument::cells::entry::Lifetime;
use crate::instrument::cells::store::Series;
use crate::instrument::dimension::value::{OwnedValue, Value};
use crate::instrument::series::dynamic::DynamicSeries;

/// The slot of a new series with this value.
fn register(owner: &'static DynamicSeries, text: &str) -> u32 {
    let values = KeptSet::from([Some(Value::Str(text).keep())]);
    let series = Series::new(owner.descriptor(), owner, values);
    SLOTS.lock().register(series, Lifetime::Static).unwrap()
}

fn is(text: &'static str) -> impl Fn(&KeptSet) -> bool {
    move |values| matches!(&**values, [Some(OwnedValue::Str(own))] if **own == *text)
}

#[test]
fn values_decide_between_combinations_with_the_same_part_of_their_hashes() {
    static SERIES: DynamicSeries =
        DynamicSeries::new(Descriptor::new(Kind::Counter, "hashes", "", "", 0), &[None]);
    static OTHER: DynamicSeries =
        DynamicSeries::new(Descriptor::new(Kind::Counter, "other", "", "", 0), &[None]);
    let (a, b) = (register(&SERIES, "a"), register(&SERIES, "b"));
    let mut table = Table::new();
    table.insert(7, a);
    table.insert(7 | 1 << 40, b);
    // The table grows, and finds them by the parts of their hashes.
    for number in 0..1_000 {
        table.insert(number << 33 | 1, register(&SERIES, "c"));
    }
    let find = |table: &Table, hash, text| {
        let found = table.find(hash, &SERIES, is(text));
        found.map(|(slot, _)| slot)
    };
    assert_eq!(find(&table, 7, "a"), Some(a));
    assert_eq!(find(&table, 7 | 1 << 40, "b"), Some(b));
    assert_eq!(find(&table, 7, "c"), None);
    assert_eq!(find(&table, 8, "a"), None);
    // A slot that another instrument has is none of its own.
    assert!(table.find(7, &OTHER, is("a")).is_none());
    table.remove(7, a);
    assert_eq!(find(&table, 7, "a"), None);
    assert_eq!(find(&table, 7, "b"), Some(b));
    table.forget(&[b]);
    assert_eq!(find(&table, 7, "b"), None);
    assert_eq!(table.len(), 1_000);
}

#[test]
fn a_row_takes_8_bytes() {
    assert_eq!(size_of::<TableRow>(), 8);
}
