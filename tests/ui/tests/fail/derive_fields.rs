use dt_metrics::{DimensionValue, count};

#[derive(DimensionValue)]
enum Tier {
    Free,
    Paid(u32),
    Trial { days: u8 },
}

fn main() {
    fn counted(tier: &Tier) {
        count!("tiers", dims(tier = tier));
    }
    let _ = counted;
}
