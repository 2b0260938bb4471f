use dt_metrics::recorded;

#[recorded]
fn f() -> u32 {
    1
}

fn main() {}
