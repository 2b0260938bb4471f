use dt_metrics::{DimensionValue, count};

#[derive(DimensionValue)]
enum Tier {
    #[dimension(rename = "")]
    Free,
    Paid(u32),
    #[dimension(nmae = "trial")]
    Trial,
    #[dimension(rename = "trial")]
    Test,
}

fn main() {
    fn counted(tier: &Tier) {
        count!("tiers", dims(tier = tier));
    }
    let _ = counted;
}
