use dt_metrics::counted;

#[counted(outcome = fallible)]
fn f() -> u32 {
    1
}

fn main() {}
