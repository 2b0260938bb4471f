use dt_metrics::observed;

#[observed]
fn size() -> usize {
    1
}

fn main() {}
