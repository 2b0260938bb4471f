use dt_metrics::counted;

#[counted(dims(http.route = "/a", region = "eu", "http.route" = "/b"))]
fn f() {}

fn main() {
    f();
}
