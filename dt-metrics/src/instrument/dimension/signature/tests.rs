//! Signatures of lists of values.

use std::collections::HashMap;

use super::super::value::Value::{self, Bool, F64, I64, Str, U64};
use super::{END, of};

#[test]
fn other_values_have_another_number() {
    let types: [&'static [Value<'static>]; 16] = [
        &[],
        &[Str("")],
        &[Str("a")],
        &[Str("b")],
        &[Str("ab")],
        &[Str("a"), Str("b")],
        &[Str("b"), Str("a")],
        &[Str("a"), Str("b"), Str("c")],
        &[Str("ab"), Str("")],
        &[Bool(false), Bool(true)],
        &[Bool(true), Bool(false)],
        &[I64(0)],
        &[U64(0)],
        &[F64(0.0)],
        &[F64(-0.0)],
        &[U64(1)],
    ];
    let mut seen = HashMap::from([(END, Vec::new())]);
    for first in types {
        for list in [vec![first], vec![first, first]]
            .into_iter()
            .chain(types.map(|second| vec![first, second]))
        {
            let number = list.iter().rfold(END, |rest, values| of(values, rest));
            assert_ne!(number, 0);
            let other = seen.insert(number, list.clone());
            assert!(other.is_none_or(|other| other == list), "{list:?}");
        }
    }
}
