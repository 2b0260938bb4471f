//! Each at its place, alone or among others.
use dt_metrics::timed;

struct Tier;

#[timed(dims(name = name, tier = tier, region = "eu", letter = (), length = name.len()))]
fn f(name: &str, tier: &Tier) {
    let _ = (name, tier);
}

fn main() {
    f("a", &Tier);
}
