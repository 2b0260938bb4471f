//! Running code to see what it measures.

use super::captured::Captured;
use super::scope::Capture;

/// Runs `f` and returns the measurements that this thread made meanwhile.
///
/// [The module](super) lists the measurements that a capture contains. A panic in `f` is passed on.
///
/// ```
/// use dt_metrics::{count, testing::capture};
///
/// let seen = capture(|| count!("lines", 25, dims(kind = "book")));
/// assert_eq!(seen.counter("lines").with("kind", "book").value(), 25);
/// ```
pub fn capture<T>(f: impl FnOnce() -> T) -> Captured {
    capture_with(f).0
}

/// Runs `f` like [`capture`], and also returns the return value of `f`.
///
/// ```
/// use dt_metrics::{counted, testing::capture_with};
///
/// #[counted(name = "parsed")]
/// fn parse(text: &str) -> Result<u8, core::num::ParseIntError> {
///     text.parse()
/// }
///
/// let (seen, parsed) = capture_with(|| parse("7"));
/// assert_eq!(parsed, Ok(7));
/// assert_eq!(seen.counter("parsed").value(), 1);
/// ```
pub fn capture_with<T>(f: impl FnOnce() -> T) -> (Captured, T) {
    let (capture, recorder) = Capture::new();
    let value = capture.run(f);
    (Captured::new(recorder.finish()), value)
}

/// Awaits `future` and returns the measurements that were made while the future was polled and dropped.
///
/// The future may move between threads. [The module](super) lists the measurements that a capture
/// contains.
///
/// ```
/// use dt_metrics::{counted, testing::capture_async};
///
/// #[counted(name = "fetched")]
/// async fn fetch() {}
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let seen = capture_async(async {
///     fetch().await;
///     fetch().await;
/// })
/// .await;
/// assert_eq!(seen.counter("fetched").value(), 2);
/// # });
/// ```
pub fn capture_async<F: Future>(future: F) -> impl Future<Output = Captured> {
    let captured = capture_async_with(future);
    async move { captured.await.0 }
}

/// Awaits `future` like [`capture_async`], and also returns the output of the future.
///
/// ```
/// use dt_metrics::{counted, testing::capture_async_with};
///
/// #[counted(name = "answered")]
/// async fn answer() -> u8 {
///     42
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (seen, answer) = capture_async_with(answer()).await;
/// assert_eq!(answer, 42);
/// assert_eq!(seen.counter("answered").value(), 1);
/// # });
/// ```
pub fn capture_async_with<F: Future>(future: F) -> impl Future<Output = (Captured, F::Output)> {
    let (capture, recorder) = Capture::new();
    let running = capture.run_async(future);
    async move {
        let output = running.await;
        (Captured::new(recorder.finish()), output)
    }
}
