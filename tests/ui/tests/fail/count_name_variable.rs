fn main() {
    let name = "orders";
    println!("{name}");
    dt_metrics::count!(name);
}
