//! Lists of dimensions whose keys are known only at run time.

use crate::instrument::{DimensionValue, OwnedValue};

/// A list of dimensions of a run-time instrument: an array, a slice or a `Vec` of pairs of a key and a value.
///
/// Use a tuple of pairs for values of different types, and `()` for no dimensions.
///
/// ```
/// use dt_metrics::instrument::Counter;
///
/// let jobs = Counter::builder("dimension_list.jobs").build()?;
/// jobs.with([("queue", "mail"), ("region", "eu")])?.add(1);
/// jobs.with((("queue", "mail"), ("shard", 3), ("urgent", true)))?.add(1);
/// jobs.with(vec![(format!("queue"), String::from("mail"))])?.add(1);
/// jobs.with(())?.add(1);
/// # Ok::<(), dt_metrics::instrument::BuildError>(())
/// ```
pub trait DimensionList: sealed::Sealed {
    #[doc(hidden)]
    fn for_each(&self, each: &mut dyn FnMut(&str, Option<OwnedValue>));
}

fn pair<K: AsRef<str>, V: DimensionValue>(
    (key, value): &(K, V),
    each: &mut dyn FnMut(&str, Option<OwnedValue>),
) {
    each(
        key.as_ref(),
        value.dimension_value().map(crate::instrument::Value::keep),
    );
}

macro_rules! lists {
    ($([$($generics:tt)*] $list:ty;)+) => {$(
        impl<K: AsRef<str>, V: DimensionValue, $($generics)*> sealed::Sealed for $list {}

        impl<K: AsRef<str>, V: DimensionValue, $($generics)*> DimensionList for $list {
            fn for_each(&self, each: &mut dyn FnMut(&str, Option<OwnedValue>)) {
                for dimension in &self[..] {
                    pair(dimension, each);
                }
            }
        }
    )+};
}

lists! {
    [const N: usize] [(K, V); N];
    [const N: usize] &[(K, V); N];
    [] &[(K, V)];
    [] Vec<(K, V)>;
    [] &Vec<(K, V)>;
}

macro_rules! tuples {
    ($(($($key:ident $value:ident $index:tt),*))+) => {$(
        impl<$($key: AsRef<str>, $value: DimensionValue),*> sealed::Sealed
            for ($(($key, $value),)*) {}

        impl<$($key: AsRef<str>, $value: DimensionValue),*> DimensionList
            for ($(($key, $value),)*)
        {
            #[allow(unused_variables, reason = "the empty tuple has no dimension")]
            fn for_each(&self, each: &mut dyn FnMut(&str, Option<OwnedValue>)) {
                $(pair(&self.$index, each);)*
            }
        }
    )+};
}

tuples! {
    ()
    (K0 V0 0)
    (K0 V0 0, K1 V1 1)
    (K0 V0 0, K1 V1 1, K2 V2 2)
    (K0 V0 0, K1 V1 1, K2 V2 2, K3 V3 3)
    (K0 V0 0, K1 V1 1, K2 V2 2, K3 V3 3, K4 V4 4)
    (K0 V0 0, K1 V1 1, K2 V2 2, K3 V3 3, K4 V4 4, K5 V5 5)
    (K0 V0 0, K1 V1 1, K2 V2 2, K3 V3 3, K4 V4 4, K5 V5 5, K6 V6 6)
    (K0 V0 0, K1 V1 1, K2 V2 2, K3 V3 3, K4 V4 4, K5 V5 5, K6 V6 6, K7 V7 7)
}

mod sealed {
    /// Keeps other crates from implementing [`DimensionList`](super::DimensionList).
    pub trait Sealed {}
}
