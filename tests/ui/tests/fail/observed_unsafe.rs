use dt_metrics::observed;

#[observed]
unsafe fn size() -> u64 {
    1
}

fn main() {}
