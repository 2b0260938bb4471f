use dt_metrics::counted;

#[counted(outcome = result)]
fn f<T>(value: T) -> T {
    value
}

fn main() {}
