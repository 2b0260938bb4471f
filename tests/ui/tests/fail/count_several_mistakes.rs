fn main() {
    let n = dt_metrics::count!(5, 1, nmae = 1, unit = 'a');
    println!("{n:?}");
}
