use dt_metrics::{Dimensions, count, counted, observed};

#[counted(dims(..))]
fn nothing() {}

#[counted(dims(kind = "a", .., last = 1))]
fn nothing_between() {}

#[counted(dims(..tags, kind = 1, kind = 2))]
fn twice(tags: Tags) {}

#[observed(dims(..TAGS))]
fn level() -> u64 {
    1
}

#[derive(Dimensions)]
struct Tags {
    kind: u8,
    #[dimension(rename = "kind")]
    other: u8,
}

#[derive(Dimensions)]
enum Tier {
    Free,
}

#[derive(Dimensions)]
struct Unnamed(u8);

#[derive(Dimensions)]
struct UpperCase {
    #[dimension(rename = "Kind")]
    kind: u8,
}

#[derive(Dimensions)]
struct Both {
    #[dimension(skip, rename = "b")]
    a: u8,
}

fn main() {
    count!("a", dims(..));
}
