use dt_metrics::counted;

#[counted(name = "1 bad", unit = "a b", dims("A" = 1, b.C = 2))]
fn f() {}

fn main() {
    f();
}
