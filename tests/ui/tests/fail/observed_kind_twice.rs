use dt_metrics::observed;

#[observed(kind = counter, kind = gauge)]
fn size() -> u64 {
    1
}

fn main() {}
