use dt_metrics::counted;

struct Tier;

#[counted(name = "orders", dims(tier = %tier))]
fn order(tier: &Tier) {
    let _ = tier;
}

fn main() {
    order(&Tier);
}
