//! Closures that are returned: the types of their parameters, for any lifetime, are inferred from
//! the return type of the function.
#![deny(warnings)]

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};

use dt_metrics::{counted, in_flight, timed};

#[counted]
#[timed]
#[in_flight]
fn equivalent<K: PartialEq>(k: &K) -> impl Fn(&K) -> bool + '_ {
    move |other| k.eq(other)
}

#[counted]
#[timed]
#[in_flight]
fn hasher<K: Hash, V, S: BuildHasher>(state: &S) -> impl Fn(&(K, V)) -> u64 + '_ {
    move |pair| state.hash_one(&pair.0)
}

#[counted]
#[timed]
#[in_flight]
fn boxed() -> Box<dyn Fn(&str) -> &str> {
    Box::new(|text| text.trim())
}

#[counted]
#[timed]
#[in_flight]
fn branches(longer: bool) -> Box<dyn Fn(&str) -> usize> {
    if longer { Box::new(|text| text.len() + 1) } else { Box::new(|text| text.len()) }
}

#[counted]
#[timed]
#[in_flight]
fn pointer() -> fn(&str) -> &str {
    |text| text.trim()
}

#[counted]
#[timed]
#[in_flight]
fn optional() -> Option<Box<dyn FnMut(&mut Vec<u8>)>> {
    Some(Box::new(|bytes| bytes.clear()))
}

fn main() {
    assert!(equivalent(&1)(&1));
    let state = HashMap::<u8, u8>::new();
    let hash = hasher(state.hasher());
    assert_eq!(hash(&(1, 2)), hash(&(1, 3)));
    assert_eq!(boxed()(" a "), "a");
    assert_eq!(branches(true)("a") + branches(false)("a"), 3);
    assert_eq!(pointer()(" a "), "a");
    let mut bytes = vec![1];
    optional().unwrap()(&mut bytes);
    assert!(bytes.is_empty());
}
