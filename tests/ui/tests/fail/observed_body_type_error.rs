use dt_metrics::observed;

#[observed]
fn size() -> u64 {
    "one"
}

fn main() {}
