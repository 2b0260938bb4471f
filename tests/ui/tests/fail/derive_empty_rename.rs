use dt_metrics::{DimensionValue, count};

#[derive(DimensionValue)]
enum Tier {
    Free,
    #[dimension(rename = "")]
    Trial,
}

fn main() {
    fn counted(tier: &Tier) {
        count!("tiers", dims(tier = tier));
    }
    let _ = counted;
}
