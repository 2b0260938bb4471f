// Functions that are futures, by parameters, return type and place.

use core::fmt::Display;
use core::future::{Future, pending, ready};
use core::num::ParseIntError;
use core::pin::Pin;
use core::sync::atomic::{AtomicU32, Ordering};
use core::task::{Context, Poll, Waker};
use std::panic::resume_unwind;
use std::sync::Arc;

use super::super::ends::{self, cancel, caught};
use super::annotated;

#[annotated]
async fn nothing() {
    ready(()).await;
}

#[annotated]
async fn borrowing(text: &str, other: &mut String) -> usize {
    other.push_str(ready(text).await);
    other.len()
}

#[annotated]
async fn returning_borrowed<'a>(text: &'a str, other: &str) -> &'a str {
    ready(()).await;
    if other.is_empty() { text } else { &text[1..] }
}

#[annotated]
async fn patterns((mut left, right): (u32, u32), [first, .., _]: [u32; 3], _: Arc<str>) -> u32 {
    left += ready(right).await;
    left + first
}

#[annotated]
#[expect(clippy::toplevel_ref_arg)]
async fn by_reference(ref text: String, (ref other, ref mut third): (String, String)) -> usize {
    third.push_str(ready(text).await);
    other.len() + third.len()
}

/// A value with parts.
struct Parts {
    /// One.
    left: String,
    /// Another.
    right: Arc<str>,
}

impl Parts {
    /// One without text.
    fn empty() -> Self {
        Self { left: String::new(), right: "".into() }
    }

    #[annotated]
    async fn ignores_self(&self) -> u32 {
        ready(1).await
    }
}

/// Undone when it is dropped, unless it was committed.
struct Transaction<'a> {
    /// Whether it was committed.
    done: bool,
    /// One, if one was undone.
    undone: &'a AtomicU32,
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.undone.store(1, Ordering::Relaxed);
        }
    }
}

impl Transaction<'_> {
    #[annotated]
    async fn commit(mut self, number: u32) -> Result<u32, u32> {
        let number = ready(Ok::<u32, u32>(number)).await?;
        self.done = true;
        Ok(number)
    }

    #[annotated]
    fn commit_at_once(mut self, text: &str) -> Result<u32, ParseIntError> {
        let number = text.parse()?;
        self.done = true;
        Ok(number)
    }
}

#[annotated]
async fn parts(Parts { left, .. }: Parts, Parts { ref right, .. }: Parts, _guard: Arc<str>) -> usize {
    left.len() + ready(right).await.len()
}

#[annotated]
#[expect(clippy::collection_is_never_read)]
async fn collected(mut text: String) {
    text.push(ready('x').await);
}

#[annotated]
async fn allowed(
    #[allow(unused_variables)] one: String,
    #[expect(unused_variables)] two: String,
    #[cfg_attr(all(), expect(unused_variables))] (three, _): (String, u32),
    #[cfg_attr(any(), allow(unused_variables))] _four: String,
    #[expect(unused_mut)] mut five: u32,
    #[expect(unused_mut, unused_variables)] (mut six, _): (u32, u32),
    #[expect(non_snake_case)] Seven: u32,
) -> u32 {
    ready(five).await + Seven
}

#[annotated]
async fn generic<T, const N: usize>(values: [T; N], map: impl Fn(&T) -> String + Send) -> String
where
    T: Display + Send,
{
    ready(()).await;
    values.iter().map(map).collect()
}

#[annotated]
async fn fallible(text: &str) -> Result<u32, ParseIntError> {
    let number: u32 = ready(text).await.parse()?;
    Ok(number)
}

#[annotated]
async fn fallible_early(text: &str) -> Result<u32, ParseIntError> {
    if text.is_empty() {
        return Ok(0);
    }
    ready(text.parse()).await
}

#[annotated]
async fn optional(text: &str) -> Option<u32> {
    let number: u32 = ready(text).await.parse().ok()?;
    Some(number)
}

#[annotated]
async fn never() -> ! {
    ready(()).await;
    resume_unwind(Box::new("expected"))
}

#[annotated]
async fn panicking(panics: bool) -> u32 {
    if ready(panics).await {
        resume_unwind(Box::new("expected"));
    }
    1
}

#[annotated]
async fn pending_after(number: u32) -> u32 {
    ready(()).await;
    pending::<()>().await;
    number
}

#[annotated]
async fn recursive(number: u32) -> u32 {
    if number == 0 {
        return 0;
    }
    Box::pin(recursive(number - 1)).await + 1
}

#[annotated]
async fn closure() -> impl Fn(&str) -> usize {
    ready(()).await;
    |text: &str| text.len()
}

#[annotated]
async fn coerced() -> Box<dyn Fn(&str) -> &str + Send> {
    ready(()).await;
    Box::new(|text| text.trim())
}

#[annotated]
async fn labels(limit: u32) -> u32 {
    let mut sum = 0;
    'outer: loop {
        for number in 0..limit {
            sum += ready(number).await;
            if sum > 10 {
                break 'outer sum;
            }
            if number == 3 {
                continue 'outer;
            }
        }
        return sum;
    }
}

#[annotated]
async fn with_block(text: &str) -> Result<u32, ParseIntError> {
    let parsed = async {
        let number: u32 = text.parse()?;
        Ok(number + 1)
    };
    parsed.await
}

/// An order.
#[derive(Debug)]
struct Order {
    /// Its number.
    number: u32,
}

impl Order {
    #[annotated]
    async fn number(&self) -> u32 {
        ready(self.number).await
    }

    #[annotated]
    async fn set(&mut self, number: u32) -> &mut Self {
        self.number = ready(number).await;
        self
    }

    #[annotated]
    async fn consumed(self) -> u32 {
        ready(self.number).await
    }

    #[annotated]
    async fn boxed(self: Box<Self>) -> u32 {
        ready(self.number).await
    }

    #[annotated]
    async fn pinned(mut self: Pin<&mut Self>, other: &u32) -> u32 {
        self.number += ready(other).await;
        self.number
    }
}

/// A place for orders.
trait Store {
    /// How many there are.
    fn count(&self) -> impl Future<Output = u32> + Send;

    /// With a default body.
    #[annotated]
    fn has_none(&self) -> impl Future<Output = bool> + Send
    where
        Self: Sync,
    {
        async { self.count().await == 0 }
    }
}

impl Store for [Order] {
    #[annotated]
    async fn count(&self) -> u32 {
        ready(self).await.iter().map(|order| order.number).sum()
    }
}

#[annotated]
fn future(number: u32) -> impl Future<Output = u32> {
    ready(number)
}

#[annotated]
#[expect(clippy::manual_async_fn)]
fn future_of_borrowed(text: &str) -> impl Future<Output = Result<u32, ParseIntError>> + Send + '_ {
    async move { ready(text).await.parse() }
}

/// A boxed future.
type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[annotated]
fn boxed(text: &str) -> Pin<Box<dyn Future<Output = Result<u32, ParseIntError>> + Send + '_>> {
    Box::pin(async move { ready(text).await.parse() })
}

#[annotated]
fn pinned_opaque(number: u32) -> Pin<Box<impl Future<Output = u32>>> {
    Box::pin(async move { ready(number).await })
}

#[annotated]
fn boxed_by_alias(text: &str) -> Boxed<'_, usize> {
    let length = text.len();
    if length == 0 {
        return Box::pin(ready(0));
    }
    Box::pin(async move { ready(length).await })
}

/// A future by hand.
#[derive(Debug)]
struct Countdown(u32);

impl Future for Countdown {
    type Output = &'static str;

    #[annotated]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<&'static str> {
        if self.0 == 0 {
            return Poll::Ready("done");
        }
        self.0 -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// That a future can be sent to another thread.
const fn sent<F: Future + Send>(future: F) -> F {
    future
}

#[test]
#[allow(clippy::default_numeric_fallback, clippy::too_many_lines, reason = "a table")]
fn each_is_recorded_once() {
    let check = |function: &str, ends: &[&str], run: &mut dyn FnMut()| {
        super::RECORDS.check(module_path!(), function, ends, run);
    };
    check("nothing", &["ok"], &mut || ends::ready(sent(nothing())));
    check("nothing", &[], &mut || drop(nothing()));
    check("borrowing", &["ok"], &mut || {
        assert_eq!(ends::ready(sent(borrowing("a", &mut "b".to_owned()))), 2);
    });
    check("returning_borrowed", &["ok"], &mut || {
        assert_eq!(ends::ready(sent(returning_borrowed("ab", "a"))), "b");
    });
    check("patterns", &["ok"], &mut || {
        assert_eq!(ends::ready(sent(patterns((1, 2), [3, 4, 5], "".into()))), 6);
    });
    check("by_reference", &["ok"], &mut || {
        let future = by_reference("a".to_owned(), ("b".to_owned(), String::new()));
        assert_eq!(ends::ready(sent(future)), 2);
    });
    check("parts", &["ok"], &mut || {
        let parts_of = |left: &str| Parts { left: left.to_owned(), right: left.into() };
        assert_eq!(ends::ready(sent(parts(parts_of("a"), parts_of("bc"), "".into()))), 3);
    });
    check("collected", &["ok"], &mut || ends::ready(sent(collected(String::new()))));
    check("allowed", &["ok"], &mut || {
        let text = String::new;
        let future = allowed(text(), text(), (text(), 1), text(), 5, (6, 6), 7);
        assert_eq!(ends::ready(sent(future)), 12);
    });
    let undone = AtomicU32::new(0);
    let transaction = || Transaction { done: false, undone: &undone };
    check("commit", &["ok"], &mut || assert_eq!(ends::ready(transaction().commit(1)), Ok(1)));
    check("commit_at_once", &["ok", "err"], &mut || {
        assert_eq!(transaction().commit_at_once("1"), Ok(1));
        assert!(transaction().commit_at_once("a").is_err());
    });
    assert_eq!(undone.into_inner(), 1);
    check("ignores_self", &["ok"], &mut || assert_eq!(ends::ready(Parts::empty().ignores_self()), 1));
    check("generic", &["ok"], &mut || {
        assert_eq!(ends::ready(sent(generic([1, 2], ToString::to_string))), "12");
    });
    check("fallible", &["ok", "err"], &mut || {
        assert_eq!(ends::ready(sent(fallible("1"))), Ok(1));
        assert!(ends::ready(fallible("a")).is_err());
    });
    check("fallible_early", &["ok", "ok", "err"], &mut || {
        assert_eq!(ends::ready(sent(fallible_early(""))), Ok(0));
        assert_eq!(ends::ready(fallible_early("1")), Ok(1));
        assert!(ends::ready(fallible_early("a")).is_err());
    });
    check("optional", &["ok"; 2], &mut || {
        assert_eq!(ends::ready(sent(optional("1"))), Some(1));
        assert_eq!(ends::ready(optional("a")), None);
    });
    check("never", &["panic"], &mut || drop(caught(|| ends::ready(sent(never())))));
    check("panicking", &["panic", "ok"], &mut || {
        drop(caught(|| ends::ready(sent(panicking(true)))));
        assert_eq!(ends::ready(panicking(false)), 1);
    });
    check("pending_after", &["cancelled"; 2], &mut || {
        cancel(sent(pending_after(1)));
        cancel(Box::pin(pending_after(1)));
    });
    check("recursive", &["ok"; 3], &mut || assert_eq!(ends::ready(recursive(2)), 2));
    check("closure", &["ok"], &mut || assert_eq!(ends::ready(sent(closure()))("a"), 1));
    check("coerced", &["ok"], &mut || assert_eq!(ends::ready(sent(coerced()))(" a "), "a"));
    check("labels", &["ok"; 2], &mut || {
        assert_eq!(ends::ready(sent(labels(3))), 3);
        assert_eq!(ends::ready(labels(5)), 12);
    });
    check("with_block", &["ok", "err"], &mut || {
        assert_eq!(ends::ready(sent(with_block("1"))), Ok(2));
        assert!(ends::ready(with_block("a")).is_err());
    });
}

#[test]
#[allow(clippy::default_numeric_fallback, clippy::too_many_lines, reason = "a table")]
fn each_method_is_recorded_once() {
    let check = |function: &str, run: &mut dyn FnMut(Order)| {
        super::RECORDS.check(module_path!(), function, &["ok"], || run(Order { number: 1 }));
    };
    check("number", &mut |order| assert_eq!(ends::ready(sent(order.number())), 1));
    check("set", &mut |mut order| assert_eq!(ends::ready(sent(order.set(2))).number, 2));
    check("consumed", &mut |order| assert_eq!(ends::ready(sent(order.consumed())), 1));
    check("boxed", &mut |order| assert_eq!(ends::ready(sent(Box::new(order).boxed())), 1));
    check("pinned", &mut |mut order| {
        assert_eq!(ends::ready(sent(Pin::new(&mut order).pinned(&2))), 3);
    });
    check("count", &mut |order| assert_eq!(ends::ready(sent([order][..].count())), 1));
    check("has_none", &mut |order| assert!(!ends::ready(sent([order][..].has_none()))));
}

#[test]
#[allow(clippy::default_numeric_fallback, clippy::too_many_lines, reason = "a table")]
fn each_future_is_recorded_once() {
    let check = |function: &str, ends: &[&str], run: &mut dyn FnMut()| {
        super::RECORDS.check(module_path!(), function, ends, run);
    };
    check("future", &["ok"], &mut || assert_eq!(ends::ready(sent(future(1))), 1));
    check("future_of_borrowed", &["ok"], &mut || {
        assert_eq!(ends::ready(sent(future_of_borrowed("1"))), Ok(1));
    });
    check("pinned_opaque", &["ok"], &mut || assert_eq!(ends::ready(pinned_opaque(1)), 1));
    check("boxed_by_alias", &["ok"; 2], &mut || {
        assert_eq!(ends::ready(sent(boxed_by_alias("a"))), 1);
        assert_eq!(ends::ready(sent(boxed_by_alias(""))), 0);
    });
    check("poll", &["ok"; 2], &mut || {
        let mut countdown = Countdown(1);
        let mut context = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut countdown).poll(&mut context).is_pending());
        assert!(Pin::new(&mut countdown).poll(&mut context).is_ready());
    });
    if super::RECORDS.outcome {
        check("boxed", &["ok", "err"], &mut || {
            assert_eq!(ends::ready(sent(boxed("1"))), Ok(1));
            assert!(ends::ready(boxed("a")).is_err());
        });
    }
}
