//! What tells this process from others that are alike.

use std::hash::{BuildHasher, RandomState};
use std::process;
use std::sync::OnceLock;
use std::time::SystemTime;

/// An id in the form of a random UUID, the same for the life of the process.
pub(super) fn id() -> String {
    static ID: OnceLock<String> = OnceLock::new();
    ID.get_or_init(make).clone()
}

/// Each hasher's keys come from the system's source of random numbers; process and time are mixed
/// in for a system that has none yet.
fn make() -> String {
    let random = || RandomState::new().hash_one((process::id(), SystemTime::now()));
    let bits = u128::from(random()) << 64 | u128::from(RandomState::new().hash_one(random()));
    // Version 4, variant 1 (RFC 9562).
    let bits = bits & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let digits = format!("{bits:032x}");
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &digits[part]);
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::{id, make};

    #[test]
    fn an_id_stays_and_is_like_no_other() {
        assert_eq!(id(), id());
        let (a, b) = (make(), make());
        assert_ne!(a, b);
        let shape: String = a
            .chars()
            .map(|c| if c.is_ascii_hexdigit() { 'x' } else { c })
            .collect();
        assert_eq!(shape, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
        assert_eq!(&a[14..15], "4", "{a}");
        assert!("89ab".contains(&a[19..20]), "{a}");
    }
}
