//! A program with one annotated function, see `many_instruments.rs`.

mod collect_once;

#[dt_metrics::counted(unit = "1", dims(region = "eu", tier = "gold"))]
#[inline(never)]
fn only() {}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    collect_once::run(only)
}
