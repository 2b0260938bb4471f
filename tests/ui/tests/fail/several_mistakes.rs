use dt_metrics::counted;

#[counted(name = 5, nmae = "a", dims(a = 1, b.c, a = 2), cardinality_limit = 0, cardinality_limit = 1)]
const fn f() {}

fn main() {
    f();
}
