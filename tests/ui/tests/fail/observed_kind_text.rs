use dt_metrics::observed;

#[observed(kind = "counter")]
fn size() -> u64 {
    1
}

fn main() {}
