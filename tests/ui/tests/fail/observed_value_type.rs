use dt_metrics::observed;

#[observed(dims(pool = vec![1]))]
fn size() -> u64 {
    1
}

fn main() {}
