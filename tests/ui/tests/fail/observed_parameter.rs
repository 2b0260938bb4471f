use dt_metrics::observed;

#[observed]
fn size(pool: &str) -> u64 {
    pool.len() as u64
}

fn main() {}
