//! The series that the program counts, and their places in the ledger.

pub const LITERAL: usize = 0;
pub const AMOUNT: usize = 1;
pub const CALLS_OK: usize = 2;
pub const CALLS_ERR: usize = 3;
pub const HANDLE: usize = 4;
pub const REBORN: usize = 5;
pub const SIZES: usize = 6;
pub const SHARDS: usize = SIZES + SIZE.len();
pub const ROUTES: usize = SHARDS + NUMBER_OF_SHARDS;
pub const NUMBER: usize = ROUTES + NUMBER_OF_ROUTES;

pub const NUMBER_OF_SHARDS: usize = 4;
pub const NUMBER_OF_ROUTES: usize = 300;

const SIZE: [&str; 3] = ["small", "medium", "large"];

/// The count of the process that delivers.
pub const OF_SUCCESSOR: u64 = 3;

/// The values of a dimension that is a text. Some do not fit into a slot of values, or need quotes.
pub fn route(number: usize) -> String {
    match number % 3 {
        0 => format!("r{number}"),
        1 => format!("/orders/{{id}}/items/{number} \"of a longer name\""),
        _ => format!("/über/{number}"),
    }
}

/// The metric key of each counter, and its own dimensions.
pub fn all() -> Vec<(&'static str, Vec<(&'static str, String)>)> {
    let text = str::to_owned;
    let mut all = vec![
        ("crash.literal", vec![("region", text("eu"))]),
        ("crash.amount", vec![("kind", text("bytes"))]),
        ("crash.measured.calls", vec![("outcome", text("ok"))]),
        ("crash.measured.calls", vec![("outcome", text("err"))]),
        ("crash.handle", vec![("cache", text("users"))]),
        ("crash.reborn", vec![]),
    ];
    all.extend(SIZE.map(|size| ("crash.sized", vec![("size", text(size))])));
    all.extend((0..NUMBER_OF_SHARDS).map(|shard| {
        let dimensions = vec![("cache", text("users")), ("shard", shard.to_string())];
        ("crash.handle", dimensions)
    }));
    all.extend(
        (0..NUMBER_OF_ROUTES).map(|number| ("crash.routed", vec![("route", route(number))])),
    );
    assert_eq!(all.len(), NUMBER);
    all
}
