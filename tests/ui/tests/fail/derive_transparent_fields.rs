use dt_metrics::{DimensionValue, count};

#[derive(DimensionValue)]
enum Tier {
    Free,
    #[dimension(transparent)]
    Paid(u32, u32),
    #[dimension(transparent)]
    Trial,
    #[dimension(rename = "other", skip)]
    Other,
}

fn main() {
    fn counted(tier: &Tier) {
        count!("tiers", dims(tier = tier));
    }
    let _ = counted;
}
