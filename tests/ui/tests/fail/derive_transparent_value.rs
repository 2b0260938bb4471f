use dt_metrics::DimensionValue;

struct Plan;

#[derive(DimensionValue)]
enum Tier {
    Free,
    #[dimension(transparent)]
    Paid(Plan),
}

fn main() {
    let _ = Tier::Paid(Plan).dimension_value();
}
