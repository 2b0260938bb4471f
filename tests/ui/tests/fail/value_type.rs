use dt_metrics::counted;

struct Tier;

#[counted(dims(tier = tier))]
fn f(tier: Tier) {
    drop(tier);
}

fn main() {
    f(Tier);
}
