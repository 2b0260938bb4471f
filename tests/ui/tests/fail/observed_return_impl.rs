use dt_metrics::observed;

#[observed]
fn size() -> impl Into<u64> {
    1_u32
}

fn main() {}
