use dt_metrics::{DimensionValue, count};

#[derive(DimensionValue)]
enum Tier {
    HTTPServer,
    HttpServer,
}

fn main() {
    fn counted(tier: &Tier) {
        count!("tiers", dims(tier = tier));
    }
    let _ = counted;
}
