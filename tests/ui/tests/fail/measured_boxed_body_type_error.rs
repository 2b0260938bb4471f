use std::pin::Pin;

use dt_metrics::measured;

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

#[measured]
fn spelled_out() -> Pin<Box<dyn Future<Output = u32>>> {
    let text = "a";
    Box::pin(async move { text })
}

#[measured]
fn aliased(text: &str) -> Boxed<'_, u32> {
    Box::pin(async move { text })
}

#[measured]
fn no_future() -> Boxed<'static, u32> {
    Box::pin(5)
}

fn main() {}
