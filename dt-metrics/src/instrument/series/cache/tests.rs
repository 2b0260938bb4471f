//! Tests of rows: small, shared, and found again once their table has grown.

use core::mem::size_of;
use core::net::Ipv4Addr;
use std::sync::{Arc, Barrier};
use std::thread;

use foldhash::fast::RandomState;

use super::Row;
use crate::descriptor::{Descriptor, Kind};
use crate::instrument::dimension::set::{self, DimensionSet};
use crate::instrument::dimension::spread::{Dimensions, Spread};
use crate::instrument::dimension::value::{OwnedValue, Value};
use crate::instrument::series::dynamic::DynamicSeries;

struct Tags;

impl Dimensions for Tags {
    fn dimension_keys(each: &mut dyn FnMut(&'static str)) {
        each("region");
        each("shard");
    }

    fn dimension_values(&self, each: &mut dyn FnMut(Option<Value<'_>>)) {
        each(Some(Value::Str("eu")));
        each(None);
    }
}

#[test]
fn kept_values_have_the_hash_of_the_call() {
    fn assert_same(values: &impl DimensionSet) {
        let hasher = RandomState::default();
        let hash = set::hash(values, &hasher);
        let mut kept = Vec::new();
        values.keep(&mut kept);
        let row = Row::new(hash, kept.into(), 0);
        assert_eq!(row.hash(&hasher), hash);
        assert!(row.is(hash, values));
    }
    assert_same(&());
    assert_same(&(&"eu", (&true, ())));
    assert_same(&(&None::<&str>, (&-7_i64, (&7_u64, ()))));
    assert_same(&(&0.5_f64, (&Ipv4Addr::LOCALHOST, (&'x', ()))));
    assert_same(&(&String::from("a text"), (&Spread::new(&Tags), (&1_u8, ()))));
}

#[test]
fn all_tables_share_the_values_of_a_series() {
    static SERIES: DynamicSeries =
        DynamicSeries::new(Descriptor::new(Kind::Counter, "shared", "", "", 0), &[None]);
    let values = &(&"a text", ());
    let counted = Barrier::new(3);
    let end = Barrier::new(3);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                SERIES.with_slot(values, |_, _| ());
                counted.wait();
                end.wait();
            });
        }
        counted.wait();
        let hash = DynamicSeries::hash(values).unwrap();
        let (_, kept) = SERIES.slot(hash, values);
        let kept = kept.unwrap();
        // The tables of two threads, the series, and this test.
        assert_eq!(Arc::strong_count(&kept), 4);
        let [Some(OwnedValue::Str(text))] = &*kept else {
            panic!("{kept:?}");
        };
        assert_eq!(Arc::strong_count(text), 1);
        end.wait();
    });
}

#[test]
#[cfg(target_pointer_width = "64")]
fn a_row_takes_24_bytes() {
    assert_eq!(size_of::<Row>(), 24);
}
