use dt_metrics::{DimensionValue, count};

#[derive(DimensionValue)]
enum Tier {
    #[dimension(rename = FREE)]
    Free,
}

fn main() {
    fn counted(tier: &Tier) {
        count!("tiers", dims(tier = tier));
    }
    let _ = counted;
}
