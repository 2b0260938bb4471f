use dt_metrics::measured;

struct Service;

#[measured(name = "1 bad")]
impl Service {
    fn f() {}
    fn g() {}
}

fn main() {}
