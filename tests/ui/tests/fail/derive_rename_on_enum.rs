use dt_metrics::{DimensionValue, count};

#[derive(DimensionValue)]
#[dimension(rename = "tier")]
enum Tier {
    Free,
}

fn main() {
    fn counted(tier: &Tier) {
        count!("tiers", dims(tier = tier));
    }
    let _ = counted;
}
