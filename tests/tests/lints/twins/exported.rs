// Functions that other crates may call: an annotated function has the lints of signatures and of
// documentation for callers that a bare function has. Each `#[expect]` also holds without
// the annotation.

use super::annotated;

use core::cell::RefCell;
use core::future::{Future, ready};
use core::num::ParseIntError;
use core::sync::atomic::{AtomicU64, Ordering};
use std::path::PathBuf;
use std::rc::Rc;

/// The next number.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// A number with the methods of traits, which an `async fn` cannot implement.
#[derive(Debug)]
pub struct Number(u64);

#[expect(clippy::len_without_is_empty)]
impl Number {
    /// As `Iterator::next`.
    #[annotated]
    pub async fn next(&mut self) -> Option<u64> {
        self.0 += ready(1).await;
        Some(self.0)
    }

    /// As `FromStr::from_str`.
    ///
    /// # Errors
    ///
    /// For a text that is not a number.
    #[annotated]
    pub async fn from_str(text: &str) -> Result<Self, ParseIntError> {
        ready(text).await.parse().map(Self)
    }

    /// As `Default::default`.
    #[annotated]
    pub async fn default() -> Self {
        Self(ready(0).await)
    }

    /// As `Add::add`.
    #[annotated]
    pub async fn add(self, other: Self) -> Self {
        Self(ready(self.0).await + other.0)
    }

    /// As `Drop::drop`.
    #[annotated]
    pub async fn drop(&mut self) {
        self.0 = ready(0).await;
    }

    /// No constructor of the type.
    #[annotated]
    #[expect(clippy::must_use_candidate, clippy::new_ret_no_self)]
    pub fn new() -> Rc<u64> {
        Rc::new(1)
    }

    /// No iterator.
    #[annotated]
    #[expect(clippy::iter_not_returning_iterator)]
    pub async fn iter(&self) -> u64 {
        ready(self.0).await
    }

    /// Takes no `self`.
    #[annotated]
    pub async fn into_number(&self) -> u64 {
        ready(self.0).await
    }

    /// Alone.
    #[annotated]
    #[expect(clippy::must_use_candidate)]
    pub fn len(&self) -> usize {
        usize::from(self.0 > 0)
    }

    /// With no `#[must_use]`.
    #[annotated]
    #[expect(clippy::must_use_candidate, clippy::return_self_not_must_use)]
    pub fn with(self, number: u64) -> Self {
        Self(self.0 + number)
    }
}

/// Changes a static: a call whose value is not used makes sense.
#[annotated]
pub fn next_id() -> Option<u64> {
    Some(NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Makes a path, of a text that may be a relative one.
///
/// # Errors
///
/// For a relative path.
#[annotated]
pub fn parse(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    path.is_absolute().then_some(path).ok_or_else(|| text.to_owned())
}

/// With no documented errors.
#[annotated]
#[expect(clippy::missing_errors_doc)]
pub async fn fails(text: &str) -> Result<u64, ParseIntError> {
    ready(text).await.parse()
}

/// With no documented panics.
#[annotated]
#[expect(clippy::missing_panics_doc)]
pub async fn panics(number: Option<u64>) -> u64 {
    ready(number).await.expect("a number")
}

/// With a value that no other thread may have.
#[annotated]
#[expect(clippy::future_not_send)]
pub async fn local(number: Rc<u64>) -> u64 {
    ready(()).await;
    *number
}

/// With an `async` that nothing needs.
#[annotated]
#[expect(clippy::unused_async)]
pub async fn soon(number: u64) -> u64 {
    number + 1
}

/// With lifetimes that nothing needs.
#[annotated]
#[expect(clippy::needless_lifetimes)]
pub async fn borrowed<'a>(number: &'a u64) -> &'a u64 {
    ready(()).await;
    number
}

/// With a guard that is held too long.
#[annotated]
#[expect(clippy::await_holding_refcell_ref)]
#[expect(clippy::future_not_send)]
pub async fn held(number: &RefCell<u64>) {
    let mut guard = number.borrow_mut();
    *guard += ready(1).await;
}

/// An `async fn` without the keyword.
#[annotated]
#[expect(clippy::manual_async_fn)]
pub fn by_hand() -> impl Future<Output = u64> {
    async { ready(1).await }
}

/// A trait whose methods name the type.
pub trait Named {
    /// By value.
    ///
    /// # Errors
    ///
    /// For zero.
    fn checked(self) -> Result<Number, String>;

    /// By reference.
    fn copied(&self) -> Option<Number>;
}

impl Named for Number {
    #[annotated]
    fn checked(self) -> Result<Number, String> {
        if self.0 == 0 {
            return Err("zero".to_owned());
        }
        Ok(self)
    }

    #[annotated]
    fn copied(&self) -> Option<Number> {
        Some(Self(self.0))
    }
}
