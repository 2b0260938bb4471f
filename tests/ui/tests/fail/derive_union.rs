use dt_metrics::{DimensionValue, count};

#[derive(DimensionValue)]
union Tier {
    n: u8,
}

fn main() {
    fn counted(tier: &Tier) {
        count!("tiers", dims(tier = tier));
    }
    let _ = counted;
}
