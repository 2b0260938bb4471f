use dt_metrics::recorded;

#[recorded(name = "size")]
fn f() -> u32 {
    1
}

fn main() {}
