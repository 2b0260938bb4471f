//! `#[recorded]` functions whose value is evaluated on entry, or on return with a parameter.

use core::future::{Future, ready};
use core::pin::Pin;

use dt_metrics::recorded;
use dt_metrics::testing::{capture, capture_async};
use tokio::runtime::Builder;

#[recorded(name = "lints.values", value = rows)]
fn only_recorded(rows: usize) {}

#[recorded(name = "lints.values", value = rows)]
#[rustfmt::skip]
fn one_line(rows: usize) -> usize { rows }

#[recorded(name = "lints.values", value = rows.len(), when = ok, ret_dims(first = ret.copied()))]
fn borrowed(rows: &[u8]) -> Option<&u8> {
    rows.first()
}

#[recorded(name = "lints.values", value = left + right, outcome)]
fn pattern((left, right): (u32, u32)) -> Result<(), u32> {
    if left == 0 { Err(right) } else { Ok(()) }
}

#[recorded(name = "lints.values", value = left)]
fn changed(mut left: u32) -> u32 {
    left += 1;
    left
}

#[recorded(name = "lints.values", value = 1)]
async fn literal() -> u32 {
    ready(1).await
}

#[recorded(name = "lints.values", value = rows.len())]
async fn only_recorded_async(rows: &[u8]) {
    ready(()).await;
}

#[recorded(name = "lints.values", value = text.len(), outcome)]
async fn asynchronous(text: &str) -> Result<usize, String> {
    ready(Ok(text.len())).await
}

#[recorded(name = "lints.values", value = ret + more)]
async fn with_parameter(more: u32) -> u32 {
    ready(1).await
}

#[recorded(name = "lints.values", value = rows)]
fn future(rows: u32) -> impl Future<Output = u32> {
    ready(rows)
}

#[recorded(name = "lints.values", value = rows, ret_dims(more = *ret > rows))]
fn boxed(rows: u32) -> Pin<Box<dyn Future<Output = u32>>> {
    Box::pin(ready(rows))
}

/// With methods.
#[derive(Debug)]
struct Queue {
    /// Its length.
    len: u32,
}

impl Queue {
    #[recorded(name = "lints.values", value = self.len)]
    fn len(&self) -> u32 {
        self.len
    }

    #[recorded(name = "lints.values", value = self.len)]
    async fn wait(self) -> Self {
        ready(self).await
    }
}

#[test]
fn values_are_clean() {
    let seen = capture(|| {
        only_recorded(1);
        assert_eq!(one_line(1), 1);
        assert_eq!(borrowed(&[1]), Some(&1));
        assert_eq!(pattern((1, 2)), Ok(()));
        assert_eq!(changed(1), 2);
        assert_eq!(Queue { len: 1 }.len(), 1);
    });
    assert_eq!(seen.histogram("lints.values").count(), 6);
    let runtime = Builder::new_current_thread().build().unwrap();
    let seen_async = runtime.block_on(capture_async(async {
        assert_eq!(literal().await, 1);
        only_recorded_async(&[1]).await;
        assert_eq!(asynchronous("a").await, Ok(1));
        assert_eq!(with_parameter(1).await, 1);
        assert_eq!(future(1).await, 1);
        assert_eq!(boxed(1).await, 1);
        assert_eq!(Queue { len: 1 }.wait().await.len, 1);
    }));
    assert_eq!(seen_async.histogram("lints.values").count(), 7);
}
