use dt_metrics::observed;

#[observed]
fn size() {}

fn main() {}
