use dt_metrics::{DimensionValue, count};

#[derive(DimensionValue)]
enum Tier {
    #[dimension(rename = "free")]
    #[dimension(rename = "gratis")]
    Free,
}

fn main() {
    fn counted(tier: &Tier) {
        count!("tiers", dims(tier = tier));
    }
    let _ = counted;
}
