use dt_metrics::{DimensionValue, count};

#[derive(DimensionValue)]
struct Tier;

fn main() {
    fn counted(tier: &Tier) {
        count!("tiers", dims(tier = tier));
    }
    let _ = counted;
}
