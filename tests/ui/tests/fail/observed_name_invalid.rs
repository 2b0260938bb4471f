use dt_metrics::observed;

#[observed(name = "pool size")]
fn size() -> u64 {
    1
}

fn main() {}
