//! Nothing is in scope but the language.
#![no_implicit_prelude]
#![deny(warnings)]

#[::dt_metrics::counted]
fn plain() {}

#[::dt_metrics::counted(by = n, dims(a = "a", b = const { "b" }, c = n, d = -1))]
async fn dimensions(n: u64) {}

#[::dt_metrics::counted(dims(a = "a", b = const { "b" }))]
fn constants() {}

fn main() {
    plain();
    constants();
    let _ = dimensions(1);
    ::dt_metrics::count!("a", 1, dims(a = 1));
}
