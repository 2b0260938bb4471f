use dt_metrics::counted;

#[counted]
pub const fn f() {}

fn main() {
    const { f() };
}
