use dt_metrics::counted;

#[counted(by = change)]
fn f(change: i32) {}

fn main() {
    f(1);
}
