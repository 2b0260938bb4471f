use dt_metrics::measured;

#[measured]
fn f() -> impl Future<Output = u32> {
    1
}

#[measured]
fn g() -> impl Future<Output = u32> {
    async { "a" }
}

fn main() {}
