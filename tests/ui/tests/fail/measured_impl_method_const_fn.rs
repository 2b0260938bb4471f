use dt_metrics::measured;

struct Service;

#[measured]
impl Service {
    #[measured]
    const fn f() {}
}

fn main() {}
