//! Values that are short texts once they are written.

use core::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A dimension value that is sent as its text: a character, an IP address or an integer of 128 bits.
///
/// The value keeps its own type, so a call neither formats nor allocates. Create one with `from`:
///
/// ```
/// use std::net::IpAddr;
///
/// use dt_metrics::{DimensionValue, ShortText, Value};
///
/// struct Peer(IpAddr);
///
/// impl DimensionValue for Peer {
///     fn dimension_value(&self) -> Option<Value<'_>> {
///         Some(Value::ShortText(ShortText::from(self.0)))
///     }
/// }
///
/// let peer = Peer([10, 0, 0, 1].into());
/// assert!(matches!(peer.dimension_value(), Some(Value::ShortText(text)) if text.to_string() == "10.0.0.1"));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct ShortText(Source);

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Source {
    Char(char),
    Ip(IpAddr),
    // As bytes, which need no alignment: a value stays as small as a text.
    I128([u8; 16]),
    U128([u8; 16]),
}

impl fmt::Display for ShortText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Source::Char(value) => value.fmt(f),
            Source::Ip(value) => value.fmt(f),
            Source::I128(bytes) => i128::from_ne_bytes(bytes).fmt(f),
            Source::U128(bytes) => u128::from_ne_bytes(bytes).fmt(f),
        }
    }
}

macro_rules! from {
    ($($type:ty: $value:ident => $source:expr;)+) => {$(
        impl From<$type> for ShortText {
            fn from($value: $type) -> Self {
                Self($source)
            }
        }
    )+};
}

from! {
    char: value => Source::Char(value);
    IpAddr: value => Source::Ip(value);
    Ipv4Addr: value => Source::Ip(value.into());
    Ipv6Addr: value => Source::Ip(value.into());
    i128: value => Source::I128(value.to_ne_bytes());
    u128: value => Source::U128(value.to_ne_bytes());
}
