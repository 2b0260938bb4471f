//! The series that the program measures, and their places in the ledger.

pub const LITERAL: usize = 0;
pub const AMOUNT: usize = 1;
pub const CALLS_OK: usize = 2;
pub const CALLS_ERR: usize = 3;
pub const HANDLE: usize = 4;
pub const REBORN: usize = 5;
pub const SIZES: usize = 6;
pub const SHARDS: usize = SIZES + SIZED.len();
pub const ROUTES: usize = SHARDS + NUMBER_OF_SHARDS;
/// The number of counters.
pub const COUNTERS: usize = ROUTES + NUMBER_OF_ROUTES;
pub const DURATION_OK: usize = COUNTERS;
pub const DURATION_ERR: usize = DURATION_OK + 1;
/// The number of the values, and their sum.
pub const SIZE: [usize; 2] = [DURATION_ERR + 1, DURATION_ERR + 2];
pub const PARTS: usize = SIZE[1] + 1;
pub const NUMBER: usize = PARTS + 2 * NUMBER_OF_PARTS;

pub const NUMBER_OF_SHARDS: usize = 4;
pub const NUMBER_OF_ROUTES: usize = 300;
pub const NUMBER_OF_PARTS: usize = 40;

/// Values are whole numbers from 1 on.
pub const LARGEST_VALUE: u64 = 5;

const SIZED: [&str; 3] = ["small", "medium", "large"];

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
    all.extend(SIZED.map(|size| ("crash.sized", vec![("size", text(size))])));
    all.extend((0..NUMBER_OF_SHARDS).map(|shard| {
        let dimensions = vec![("cache", text("users")), ("shard", shard.to_string())];
        ("crash.handle", dimensions)
    }));
    all.extend(
        (0..NUMBER_OF_ROUTES).map(|number| ("crash.routed", vec![("route", route(number))])),
    );
    assert_eq!(all.len(), COUNTERS);
    all
}

/// A histogram in the ledger.
pub struct Distribution {
    pub key: &'static str,
    /// Its own dimensions.
    pub dimensions: Vec<(&'static str, String)>,
    /// The place of the number of its values.
    pub count: usize,
    /// The place of their sum, if the program knows the values.
    pub sum: Option<usize>,
}

pub fn distributions() -> Vec<Distribution> {
    let text = str::to_owned;
    let duration = |outcome, count| Distribution {
        key: "crash.measured.duration",
        dimensions: vec![("outcome", text(outcome))],
        count,
        sum: None,
    };
    let mut all = vec![
        duration("ok", DURATION_OK),
        duration("err", DURATION_ERR),
        Distribution {
            key: "crash.size",
            dimensions: vec![("kind", text("bytes"))],
            count: SIZE[0],
            sum: Some(SIZE[1]),
        },
    ];
    all.extend((0..NUMBER_OF_PARTS).map(|part| Distribution {
        key: "crash.parts",
        dimensions: vec![("route", route(part))],
        count: PARTS + 2 * part,
        sum: Some(PARTS + 2 * part + 1),
    }));
    all
}
