use dt_metrics::observed;

#[observed]
fn size() -> bool {
    true
}

fn main() {}
