use dt_metrics::{DimensionValue, count};

#[derive(DimensionValue)]
enum Tier {
    #[dimension]
    Free,
    #[dimension = "a"]
    Paid,
}

fn main() {
    fn counted(tier: &Tier) {
        count!("tiers", dims(tier = tier));
    }
    let _ = counted;
}
