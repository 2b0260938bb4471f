use dt_metrics::observed;

#[observed(max_series = 1)]
fn size() -> u64 {
    1
}

fn main() {}
