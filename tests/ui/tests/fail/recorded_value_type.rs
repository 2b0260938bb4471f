use dt_metrics::recorded;

#[recorded(name = "size", value = ret)]
fn f() -> String {
    String::new()
}

fn main() {}
