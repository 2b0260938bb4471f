use dt_metrics::observed;

#[observed]
struct Pool;

fn main() {}
