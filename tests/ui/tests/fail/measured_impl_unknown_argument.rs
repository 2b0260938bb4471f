use dt_metrics::measured;

struct Service;

#[measured(nmae = "a")]
impl Service {
    fn f() {}
    fn g() {}
}

fn main() {}
