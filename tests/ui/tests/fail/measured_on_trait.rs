use dt_metrics::measured;

#[measured]
trait Service {
    fn f();
}

fn main() {}
