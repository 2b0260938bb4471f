use dt_metrics::counted;

#[counted(outcome = fallible)]
fn f<T>(value: T) -> T {
    value
}

fn main() {}
