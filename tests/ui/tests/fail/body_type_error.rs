//! The compiler speaks of a body as if nothing stood before it.
use dt_metrics::counted;

#[counted]
fn no_tail() -> u32 {
    let n = 1;
    n;
}

#[counted]
fn wrong_tail() -> u32 {
    "a"
}

#[counted]
async fn wrong_return(n: u32) -> u32 {
    if n > 0 {
        return "a";
    }
    n
}

#[counted]
fn empty() -> String {}

fn main() {}
