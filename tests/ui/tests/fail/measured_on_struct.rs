use dt_metrics::measured;

#[measured]
struct Service;

fn f(_: Service) {}

fn main() {}
