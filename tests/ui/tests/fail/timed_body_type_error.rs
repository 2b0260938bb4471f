//! The compiler speaks of a body as if no guard stood before it.
use dt_metrics::{in_flight, timed};

#[timed]
fn no_tail() -> u32 {
    let n = 1;
    n;
}

#[in_flight]
fn wrong_tail() -> u32 {
    "a"
}

#[timed]
async fn wrong_return(n: u32) -> u32 {
    if n > 0 {
        return "a";
    }
    n
}

#[timed(dims(n = 1))]
fn empty() -> String {}

fn main() {}
