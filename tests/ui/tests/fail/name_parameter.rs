use dt_metrics::counted;

#[counted(name = name)]
fn f(name: &str) {
    println!("{name}");
}

fn main() {
    f("a");
}
