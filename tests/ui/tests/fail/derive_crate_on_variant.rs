use dt_metrics::{DimensionValue, count};

#[derive(DimensionValue)]
enum Tier {
    #[dimension(crate = dt_metrics)]
    Free,
}

fn main() {
    fn counted(tier: &Tier) {
        count!("tiers", dims(tier = tier));
    }
    let _ = counted;
}
