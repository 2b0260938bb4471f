use super::{MAX_BYTES, OVERHEAD, Zeros};
use crate::line::{Dimensions, MetricKey};

fn dimensions(value: &str) -> Dimensions {
    Dimensions::from_layers(&[&[("k", value)]]).expect("one")
}

fn key() -> MetricKey {
    MetricKey::new("m").expect("a key")
}

fn idle(zeros: &mut Zeros, resource_id: u32) -> Vec<String> {
    let mut idle: Vec<_> = zeros
        .end_cycle(resource_id)
        .map(|(key, dimensions)| format!("{key}{dimensions}"))
        .collect();
    idle.sort();
    idle
}

#[test]
fn a_series_is_idle_in_each_cycle_without_a_line() {
    let mut zeros = Zeros::default();
    assert!(zeros.seen(1, &key(), &dimensions("a")));
    assert!(zeros.seen(1, &key(), &dimensions("b")));
    assert!(zeros.seen(1, &key(), &dimensions("a")));
    assert!(idle(&mut zeros, 1).is_empty());
    zeros.seen(1, &key(), &dimensions("a"));
    assert_eq!(idle(&mut zeros, 1), ["m,k=b"]);
    assert_eq!(idle(&mut zeros, 1), ["m,k=a", "m,k=b"]);
    assert!(idle(&mut zeros, 2).is_empty());
    zeros.seen(2, &key(), &dimensions("a"));
    assert_eq!(idle(&mut zeros, 1), ["m,k=a", "m,k=b"]);
    assert_eq!(idle(&mut zeros, 2), ["m,k=a"]);
}

#[test]
fn memory_is_bounded_and_what_is_known_stays() {
    let mut zeros = Zeros::default();
    assert!(zeros.seen(1, &key(), &dimensions("first")));
    zeros.bytes = MAX_BYTES - OVERHEAD;
    assert!(!zeros.seen(1, &key(), &dimensions("second")));
    assert!(zeros.seen(1, &key(), &dimensions("first")));
    idle(&mut zeros, 1);
    assert_eq!(idle(&mut zeros, 1), ["m,k=first"]);
}
