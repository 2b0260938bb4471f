use dt_metrics::observed;

#[observed(kind = histogram)]
fn size() -> u64 {
    1
}

fn main() {}
