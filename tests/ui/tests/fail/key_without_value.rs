use dt_metrics::counted;

#[counted(dims("region", tier = "gold"))]
fn f(region: &str) {
    println!("{region}");
}

fn main() {
    f("eu");
}
