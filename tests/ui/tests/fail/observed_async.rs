use dt_metrics::observed;

#[observed]
async fn size() -> u64 {
    1
}

fn main() {}
