use dt_metrics::observed;

struct Pool;

#[observed]
impl Pool {}

fn main() {}
