use dt_metrics::counted;

#[counted]
unsafe extern "C" {}

fn main() {}
