use dt_metrics::observed;

#[observed(dims(pool = pool))]
fn size() -> u64 {
    1
}

fn main() {}
