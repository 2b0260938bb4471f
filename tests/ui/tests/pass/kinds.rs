//! Every kind of function.
#![deny(warnings)]

use std::cell::Cell;
use std::fmt::{Debug, Display};
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use dt_metrics::counted;

#[counted]
fn empty() {}

#[counted()]
fn one_line(n: u32) -> u32 { n + 1 }

#[counted]
fn patterns((a, mut b): (u32, u32), [c, ..]: [u32; 2], _: u32) -> u32 {
    b += a;
    b + c
}

#[counted]
fn early(n: Option<u32>) -> Option<u32> {
    let n = n?;
    if n > 1 {
        return None;
    }
    Some(n)
}

#[counted]
fn fallible(text: &str) -> Result<u32, std::num::ParseIntError> {
    Ok(text.parse::<u32>()?)
}

#[counted]
fn generic<T: Display + ?Sized, const N: usize>(value: &T) -> [String; N]
where
    T: Debug,
{
    std::array::from_fn(|_| value.to_string())
}

#[counted]
fn lifetimes<'a, 'b: 'a>(a: &'a mut u32, _: &'b u32) -> &'a mut u32 {
    a
}

#[counted]
fn opaque<'a>(values: impl Iterator<Item = &'a u32> + 'a) -> impl Iterator<Item = u32> + 'a {
    values.map(|n| n + 1)
}

#[counted]
fn boxed() -> Box<dyn Fn(u32) -> u32> {
    Box::new(|n| n + 1)
}

#[counted]
fn never() -> ! {
    panic!("expected")
}

#[counted]
unsafe fn unsafely(n: *const u32) -> u32 {
    // SAFETY: the caller's.
    unsafe { *n }
}

#[counted]
extern "C" fn foreign(n: u32) -> u32 {
    n
}

#[counted]
pub unsafe extern "C" fn foreign_unsafe(n: u32) -> u32 {
    n
}

#[counted]
fn recursive(n: u64) -> u64 {
    if n == 0 { 0 } else { 1 + recursive(n - 1) }
}

#[counted]
async fn asynchronous(n: &u32) -> u32 {
    std::future::ready(*n).await + 1
}

#[counted]
async unsafe fn asynchronous_unsafe() -> u32 {
    1
}

#[counted]
fn future() -> impl Future<Output = u32> {
    async { 1 }
}

#[counted]
fn boxed_future<'a>(n: &'a u32) -> Pin<Box<dyn Future<Output = u32> + 'a>> {
    Box::pin(async move { *n })
}

#[counted]
#[counted(name = "twice")]
fn twice() {}

struct Orders<T> {
    open: Cell<T>,
}

impl<T: Copy + Display> Orders<T> {
    #[counted]
    fn new(open: T) -> Self {
        Self { open: Cell::new(open) }
    }

    #[counted(name = "orders.open", dims(open = self.open.get().to_string(), kind = "a"))]
    pub fn open(&self) -> T {
        self.open.get()
    }

    #[counted]
    pub(crate) fn set(&mut self, open: T) -> &mut Self {
        self.open.set(open);
        self
    }

    #[counted]
    fn boxed(self: Box<Self>) -> T {
        self.open.get()
    }

    #[counted]
    async fn later(self: Pin<&Self>) -> T {
        self.open.get()
    }

    #[counted]
    fn into(self) -> T {
        self.open.into_inner()
    }
}

trait Store {
    const NAME: &'static str;

    fn get(&self) -> u32;

    #[counted]
    fn provided(&self) -> u32 {
        self.get()
    }

    fn later(&self) -> impl Future<Output = u32>;
}

impl Store for u32 {
    const NAME: &'static str = "u32";

    #[counted(dims(store = Self::NAME, constant = const { Self::NAME }))]
    fn get(&self) -> u32 {
        *self
    }

    #[counted]
    async fn later(&self) -> u32 {
        *self
    }
}

fn ready<F: Future>(future: F) -> F::Output {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!(),
    }
}

#[counted]
fn main() {
    empty();
    assert_eq!(one_line(1), 2);
    assert_eq!(patterns((1, 2), [3, 4], 5), 6);
    assert_eq!(early(Some(1)), Some(1));
    assert_eq!(early(Some(2)), None);
    assert!(fallible("a").is_err());
    assert_eq!(generic::<str, 2>("a"), ["a", "a"]);
    assert_eq!(*lifetimes(&mut 1, &2), 1);
    assert_eq!(opaque([1].iter()).next(), Some(2));
    assert_eq!(boxed()(1), 2);
    std::panic::set_hook(Box::new(|_| {}));
    assert!(std::panic::catch_unwind(|| never()).is_err());
    assert_eq!(unsafe { unsafely(&1) }, 1);
    assert_eq!(foreign(1), 1);
    assert_eq!(unsafe { foreign_unsafe(1) }, 1);
    assert_eq!(recursive(3), 3);
    assert_eq!(ready(asynchronous(&1)), 2);
    assert_eq!(ready(unsafe { asynchronous_unsafe() }), 1);
    assert_eq!(ready(future()), 1);
    assert_eq!(ready(boxed_future(&1)), 1);
    twice();

    let mut orders = Orders::new(1);
    assert_eq!(orders.set(2).open(), 2);
    assert_eq!(ready(pin!(Orders::new(1)).as_ref().later()), 1);
    assert_eq!(Box::new(Orders::new(1)).boxed(), 1);
    assert_eq!(orders.into(), 2);
    assert_eq!(1.provided(), 1);
    assert_eq!(ready(Store::later(&1)), 1);
}
