use dt_metrics::measured;

struct Service;

#[measured]
impl Service {
    #[measured(nmae = "a")]
    fn f() {}
    fn g() {}
}

fn main() {}
