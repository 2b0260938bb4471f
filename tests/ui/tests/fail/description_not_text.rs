use dt_metrics::counted;

#[counted(description = 'a')]
fn f() {}

fn main() {
    f();
}
