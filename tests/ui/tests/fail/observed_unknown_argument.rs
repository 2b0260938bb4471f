use dt_metrics::observed;

#[observed(cardinality_limit = 1)]
fn size() -> u64 {
    1
}

fn main() {}
