//! Every kind of function, with every annotation, in any order.
#![deny(warnings)]

use std::cell::Cell;
use std::fmt::{Debug, Display};
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use dt_metrics::{counted, in_flight, timed};

#[counted]
#[timed]
#[in_flight]
fn empty() {}

#[in_flight()]
#[counted()]
#[timed()]
fn one_line(n: u32) -> u32 { n + 1 }

#[timed]
#[in_flight]
#[counted]
fn patterns((a, mut b): (u32, u32), [c, ..]: [u32; 2], _: u32) -> u32 {
    b += a;
    b + c
}

#[timed]
#[counted]
#[in_flight]
fn early(n: Option<u32>) -> Option<u32> {
    let n = n?;
    if n > 1 {
        return None;
    }
    Some(n)
}

#[counted]
#[timed]
#[in_flight]
fn fallible(text: &str) -> Result<u32, std::num::ParseIntError> {
    Ok(text.parse::<u32>()?)
}

#[in_flight]
#[counted]
#[timed]
fn generic<T: Display + ?Sized, const N: usize>(value: &T) -> [String; N]
where
    T: Debug,
{
    std::array::from_fn(|_| value.to_string())
}

#[timed]
#[in_flight]
#[counted]
fn lifetimes<'a, 'b: 'a>(a: &'a mut u32, _: &'b u32) -> &'a mut u32 {
    a
}

#[timed]
#[counted]
#[in_flight]
fn opaque<'a>(values: impl Iterator<Item = &'a u32> + 'a) -> impl Iterator<Item = u32> + 'a {
    values.map(|n| n + 1)
}

#[counted]
#[timed]
#[in_flight]
fn boxed() -> Box<dyn Fn(u32) -> u32> {
    Box::new(|n| n + 1)
}

#[in_flight]
#[counted]
#[timed]
fn never() -> ! {
    panic!("expected")
}

#[timed]
#[in_flight]
#[counted]
unsafe fn unsafely(n: *const u32) -> u32 {
    // SAFETY: the caller's.
    unsafe { *n }
}

#[timed]
#[counted]
#[in_flight]
extern "C" fn foreign(n: u32) -> u32 {
    n
}

#[counted]
#[timed]
#[in_flight]
pub unsafe extern "C" fn foreign_unsafe(n: u32) -> u32 {
    n
}

#[in_flight]
#[counted]
#[timed]
fn recursive(n: u64) -> u64 {
    if n == 0 { 0 } else { 1 + recursive(n - 1) }
}

#[timed]
#[in_flight]
#[counted]
async fn asynchronous(n: &u32) -> u32 {
    std::future::ready(*n).await + 1
}

#[timed]
#[counted]
#[in_flight]
async unsafe fn asynchronous_unsafe() -> u32 {
    1
}

#[counted]
#[timed]
#[in_flight]
fn future() -> impl Future<Output = u32> {
    async { 1 }
}

#[in_flight]
#[counted]
#[timed]
fn boxed_future<'a>(n: &'a u32) -> Pin<Box<dyn Future<Output = u32> + 'a>> {
    Box::pin(async move { *n })
}

#[timed]
#[in_flight]
#[counted]
#[counted(name = "twice")]
fn twice() {}

struct Orders<T> {
    open: Cell<T>,
}

impl<T: Copy + Display> Orders<T> {
    #[timed]
    #[counted]
    #[in_flight]
    fn new(open: T) -> Self {
        Self { open: Cell::new(open) }
    }

    #[counted(name = "orders.open", dims(open = self.open.get().to_string(), kind = "a"))]
    #[timed(name = "orders.open.timed", dims(open = self.open.get().to_string(), kind = "a"))]
    #[in_flight(name = "orders.open.in_flight", dims(open = self.open.get().to_string(), kind = "a"))]
    pub fn open(&self) -> T {
        self.open.get()
    }

    #[in_flight]
    #[counted]
    #[timed]
    pub(crate) fn set(&mut self, open: T) -> &mut Self {
        self.open.set(open);
        self
    }

    #[timed]
    #[in_flight]
    #[counted]
    fn boxed(self: Box<Self>) -> T {
        self.open.get()
    }

    #[timed]
    #[counted]
    #[in_flight]
    async fn later(self: Pin<&Self>) -> T {
        self.open.get()
    }

    #[counted]
    #[timed]
    #[in_flight]
    fn into(self) -> T {
        self.open.into_inner()
    }
}

trait Store {
    const NAME: &'static str;

    fn get(&self) -> u32;

    #[in_flight]
    #[counted]
    #[timed]
    fn provided(&self) -> u32 {
        self.get()
    }

    fn later(&self) -> impl Future<Output = u32>;
}

impl Store for u32 {
    const NAME: &'static str = "u32";

    #[timed(dims(store = Self::NAME, constant = const { Self::NAME }))]
    #[in_flight(dims(store = Self::NAME, constant = const { Self::NAME }))]
    #[counted(dims(store = Self::NAME, constant = const { Self::NAME }))]
    fn get(&self) -> u32 {
        *self
    }

    #[timed]
    #[counted]
    #[in_flight]
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
#[timed]
#[in_flight]
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
