use dt_metrics::{counted, measured, recorded};
use futures_core::Stream;

#[recorded(name = "rows", value = ret.size_hint().0)]
fn rows() -> impl Stream<Item = u32> {
    Empty
}

#[counted(ret_dims(items = ret.size_hint().0))]
fn lines() -> impl Send + Stream<Item = u32> {
    Empty
}

struct Store;

#[measured]
impl Store {
    #[measured(ret_dims(a = 1))]
    fn all(&self) -> impl Stream<Item = u32> {
        Empty
    }
}

struct Empty;

impl Stream for Empty {
    type Item = u32;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<u32>> {
        std::task::Poll::Ready(None)
    }
}

fn main() {}
