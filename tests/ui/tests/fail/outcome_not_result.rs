use dt_metrics::counted;

#[counted(outcome = result)]
fn f() -> u32 {
    1
}

fn main() {}
