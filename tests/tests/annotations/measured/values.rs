//! `#[recorded]`: a value is evaluated on entry unless it mentions `ret`.

use core::fmt::Debug;
use core::future::{Future, pending};
use core::pin::{Pin, pin};
use core::task::{Context, Waker};
use std::collections::HashMap;

use dt_metrics::recorded;
use dt_metrics::testing::{Captured, capture, capture_async};

#[recorded(name = "entry.plain", value = rows)]
fn plain(rows: usize) {}

#[recorded(name = "entry.moved", value = rows.len(), unit = "1")]
fn moved(rows: Vec<u8>) -> Vec<u8> {
    drop(rows);
    Vec::new()
}

#[recorded(name = "entry.patterns", value = a + *b + u32::from(ret_code))]
fn patterns((a, ref b): (u32, u32), Code { ret: ret_code, .. }: Code) -> u32 {
    a.max(*b)
}

struct Code {
    ret: u8,
}

#[recorded(name = "entry.mutable", value = left)]
fn mutable(mut left: u32) -> u32 {
    while left > 0 {
        left -= 1;
    }
    left
}

#[recorded(name = "entry.generic", value = items.len())]
fn generic<T: Debug, const N: usize>(items: &[T; N]) -> String {
    format!("{items:?}")
}

#[recorded(name = "entry.foreign", value = -1)]
extern "C" fn foreign() {}

#[recorded(name = "entry.outcome", value = cents, outcome, ret_dims(paid = ret.is_ok()))]
fn outcome(cents: i64) -> Result<(), String> {
    match cents {
        0 => Err("nothing to pay".to_owned()),
        1.. => Ok(()),
        _ => std::panic::panic_any(()),
    }
}

#[recorded(name = "entry.when", value = cents, when = panic)]
fn when(cents: i64) -> Result<(), String> {
    outcome(cents)
}

#[recorded(name = "return.both", value = ret.len() + more)]
fn both(more: usize) -> String {
    "x".repeat(more)
}

struct Queue {
    jobs: Vec<u32>,
    ret: u32,
}

impl Queue {
    #[recorded(name = "entry.method", value = self.jobs.len())]
    fn clear(&mut self) {
        self.jobs.clear();
    }

    #[recorded(name = "entry.field", value = self.ret)]
    async fn field(&self) -> u32 {
        tokio::task::yield_now().await;
        self.ret
    }

    #[recorded(name = "entry.into", value = self.jobs.iter().sum::<u32>())]
    fn into_jobs(self) -> Vec<u32> {
        self.jobs
    }
}

#[test]
fn of_functions_and_methods() {
    let seen = capture(|| {
        plain(7);
        moved(vec![1, 2]);
        patterns((1, 2), Code { ret: 3 });
        mutable(4);
        generic(&["a", "b"]);
        foreign();
        let mut queue = Queue {
            jobs: vec![1, 2, 3],
            ret: 0,
        };
        queue.clear();
        Queue {
            jobs: vec![5, 6],
            ret: 0,
        }
        .into_jobs();
        assert_eq!(both(3), "xxx");
    });
    for (name, value) in [
        ("entry.plain", 7.0),
        ("entry.moved", 2.0),
        ("entry.patterns", 6.0),
        ("entry.mutable", 4.0),
        ("entry.generic", 2.0),
        ("entry.foreign", -1.0),
        ("entry.method", 3.0),
        ("entry.into", 11.0),
        ("return.both", 6.0),
    ] {
        assert_eq!(seen.histogram(name).values(), [value], "{name}: {seen:?}");
    }
}

#[test]
fn with_any_end_of_a_call() {
    let seen = capture(|| {
        outcome(5).unwrap();
        outcome(0).unwrap_err();
        for f in [outcome, when] {
            std::panic::catch_unwind(|| f(-3)).unwrap_err();
        }
    });
    let values = |end| {
        seen.histogram("entry.outcome")
            .with("outcome", end)
            .values()
    };
    assert_eq!(values("ok"), [5.0]);
    assert_eq!(values("err"), [0.0]);
    assert_eq!(values("panic"), [-3.0, -3.0], "{seen:?}");
    let paid = seen.histogram("entry.outcome").with("paid", true);
    assert_eq!(paid.values(), [5.0]);
    assert_eq!(seen.histogram("entry.when").values(), [-3.0]);
}

#[recorded(name = "entry.async", value = rows)]
async fn asynchronous(mut rows: u64) -> u64 {
    rows += 1;
    tokio::task::yield_now().await;
    rows
}

#[recorded(name = "entry.cancelled", value = text.len(), outcome)]
async fn cancelled(text: String) {
    pending::<()>().await;
    drop(text);
}

#[recorded(name = "entry.future", value = text.len())]
fn future(text: &str) -> impl Future<Output = usize> {
    let words = text.split(' ').count();
    async move { words }
}

#[recorded(name = "entry.boxed", value = rows)]
fn boxed(rows: u8) -> Pin<Box<dyn Future<Output = u8> + Send>> {
    Box::pin(async move { rows })
}

#[recorded(name = "return.async", value = ret + more)]
async fn both_async(more: u32) -> u32 {
    tokio::task::yield_now().await;
    more
}

#[recorded(name = "return.future", value = ret + more)]
fn both_future(more: u32) -> impl Future<Output = u32> {
    async move { more }
}

#[async_trait::async_trait]
trait Store {
    async fn put(&self, rows: &[u8]) -> usize;
}

struct Memory(HashMap<u8, u8>);

#[async_trait::async_trait]
impl Store for Memory {
    #[recorded(name = "entry.trait", value = rows.len() + self.0.len())]
    async fn put(&self, rows: &[u8]) -> usize {
        rows.len()
    }
}

fn seen_of<F: Future>(future: F) -> Captured {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(capture_async(future))
}

#[test]
fn of_futures() {
    let seen = seen_of(async {
        assert_eq!(asynchronous(2).await, 3);
        drop(asynchronous(1));
        future("a bc").await;
        boxed(9).await;
        Queue {
            jobs: Vec::new(),
            ret: 8,
        }
        .field()
        .await;
        both_async(2).await;
        both_future(3).await;
        Memory(HashMap::from([(1, 1)])).put(&[1, 2]).await;
        let mut waiting = pin!(cancelled("four".to_owned()));
        let polled = waiting
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
    });
    for (name, value) in [
        ("entry.async", 2.0),
        ("entry.future", 4.0),
        ("entry.boxed", 9.0),
        ("entry.field", 8.0),
        ("return.async", 4.0),
        ("return.future", 6.0),
        ("entry.trait", 3.0),
    ] {
        assert_eq!(seen.histogram(name).values(), [value], "{name}: {seen:?}");
    }
    let left = seen
        .histogram("entry.cancelled")
        .with("outcome", "cancelled");
    assert_eq!(left.values(), [4.0], "{seen:?}");
}
