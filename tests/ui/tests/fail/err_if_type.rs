use dt_metrics::{counted, measured};
use futures_core::Stream;

#[counted(err_if = ret.len())]
fn number() -> String {
    String::new()
}

#[measured(err_if = ret.is_nothing())]
async fn method() -> Option<u8> {
    None
}

#[measured(err_if = *ret)]
fn items() -> impl Stream<Item = u8> {
    Empty
}

type Rows = std::pin::Pin<Box<dyn Stream<Item = u8> + Send>>;

#[measured(err_if = *ret > 1)]
fn aliased() -> Rows {
    Box::pin(Empty)
}

struct Empty;

impl Stream for Empty {
    type Item = u8;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<u8>> {
        std::task::Poll::Ready(None)
    }
}

fn main() {}
