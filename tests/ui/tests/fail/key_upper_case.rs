use dt_metrics::counted;

#[counted(dims(http.Route = "/"))]
fn f() {}

fn main() {
    f();
}
