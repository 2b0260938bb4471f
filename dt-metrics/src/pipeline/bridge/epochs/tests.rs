//! When epochs end.

use super::{Epochs, GONE_AFTER};
use crate::pipeline::aggregation::ReaderId;

#[test]
fn the_slowest_reader_ends_an_epoch() {
    let fast = ReaderId::of_callback();
    let slow = ReaderId::numbered();
    let mut epochs = Epochs::default();
    assert!(epochs.collected(fast), "there is no other yet");
    assert!(!epochs.collected(slow), "now there is");
    assert!(epochs.collected(fast));
    for _ in 0..3 {
        assert!(!epochs.collected(fast));
        assert!(!epochs.collected(fast));
        assert!(epochs.collected(slow));
    }
    let ended = (0..=GONE_AFTER).filter(|_| epochs.collected(fast)).count();
    assert!(ended > 0, "one that is gone holds nobody up for ever");
}
