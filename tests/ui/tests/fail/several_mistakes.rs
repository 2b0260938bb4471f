use dt_metrics::counted;

#[counted(name = 5, nmae = "a", dims(a = 1, b, a = 2), max_series = 0, max_series = 1)]
const fn f() {}

fn main() {
    f();
}
