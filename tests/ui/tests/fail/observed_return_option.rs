use dt_metrics::observed;

#[observed(kind = counter, dims(pool = "main"))]
fn size() -> Option<u64> {
    Some(1)
}

fn main() {}
