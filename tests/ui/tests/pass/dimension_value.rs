//! Enums as values of dimensions.
#![deny(warnings)]

use dt_metrics::{DimensionValue, Value, count};

#[derive(DimensionValue)]
enum Tier {
    Free,
    PayAsYouGo,
    HTTPServer,
    Http2,
    r#Type,
    Unit {},
    Tuple(),
    #[dimension(rename = "a b, \"c\"")]
    Renamed,
    #[dimension(rename = "free ")]
    Spaced,
}

#[derive(Clone, Copy, DimensionValue)]
#[repr(i8)]
enum Discriminants {
    Last = 100,
    First = -100,
    Middle = 0,
}

// Not `Copy`, and dropped: values are only looked at.
#[derive(DimensionValue)]
pub enum Dropped {
    Once,
}

impl Drop for Dropped {
    fn drop(&mut self) {}
}

#[derive(DimensionValue)]
#[non_exhaustive]
pub enum Open {
    One,
}

#[derive(DimensionValue)]
pub enum Never {}

#[derive(DimensionValue)]
enum Sized<const N: usize>
where
    [(); N]: Default,
{
    Small,
    Large,
}

fn value<V: DimensionValue>(value: V) -> String {
    match value.dimension_value() {
        Some(Value::Str(text)) => text.to_owned(),
        other => panic!("{other:?}"),
    }
}

/// The value that instruments receive.
fn fixed<V: DimensionValue>(value: &V) -> Option<Value<'static>> {
    V::FIXED.map(|values| values[value.fixed_index()])
}

fn main() {
    for (tier, expected) in [
        (Tier::Free, "free"),
        (Tier::PayAsYouGo, "pay_as_you_go"),
        (Tier::HTTPServer, "http_server"),
        (Tier::Http2, "http2"),
        (Tier::Type, "type"),
        (Tier::Unit {}, "unit"),
        (Tier::Tuple(), "tuple"),
        (Tier::Renamed, "a b, \"c\""),
        (Tier::Spaced, "free "),
    ] {
        assert_eq!(fixed(&tier), Some(Value::Str(expected)));
        assert_eq!(fixed(&&tier), Some(Value::Str(expected)));
        assert_eq!(value(&tier), expected);
        count!("tiers", dims(tier = tier, option = Some(&tier), borrowed = &&tier));
    }
    assert_eq!(Tier::FIXED.map(<[_]>::len), Some(9));
    assert_eq!(Never::FIXED.map(<[_]>::len), Some(0));
    for (discriminants, expected) in [
        (Discriminants::Last, "last"),
        (Discriminants::First, "first"),
        (Discriminants::Middle, "middle"),
    ] {
        assert_eq!(fixed(&discriminants), Some(Value::Str(expected)));
    }
    assert_eq!(value(Dropped::Once), "once");
    assert_eq!(value(Open::One), "one");
    assert_eq!(value(Sized::<1>::Small) + &value(Sized::<2>::Large), "smalllarge");

    #[derive(DimensionValue)]
    enum Local {
        Inside,
    }
    assert_eq!(value(Local::Inside), "inside");
}
