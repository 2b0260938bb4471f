//! Parameters, locals and temporaries are dropped in the order they had.

use std::cell::RefCell;

use dt_metrics::{counted, in_flight, timed};

thread_local!(static DROPPED: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) });

struct Noisy(&'static str);

impl Drop for Noisy {
    fn drop(&mut self) {
        DROPPED.with_borrow_mut(|dropped| dropped.push(self.0));
    }
}

impl Noisy {
    fn number(&self) -> usize {
        DROPPED.with_borrow(Vec::len)
    }
}

macro_rules! both {
    ($($name:ident($($params:tt)*) $body:block)*) => {
        mod plain {
            use super::*;
            $(pub fn $name($($params)*) -> usize $body)*
        }
        mod annotated {
            use super::*;
            $(#[counted(dims(a = Noisy("dimension").number()), by = Noisy("by").number() as u64)]
            pub fn $name($($params)*) -> usize $body)*
        }
        mod guarded {
            use super::*;
            $(#[timed]
            #[in_flight]
            pub fn $name($($params)*) -> usize $body)*
        }
    };
}

both! {
    parameters(_a: Noisy, _: Noisy, Noisy(_c): &Noisy) {
        let _local = Noisy("local");
        let _ = Noisy("at once");
        Noisy("temporary").number()
    }
    early(a: Noisy, b: Noisy) {
        let _local = Noisy("local");
        if b.number() < 100 {
            return { a }.number();
        }
        1
    }
    moved(a: Noisy, _b: Noisy) {
        drop(a);
        match Noisy("scrutinee").number() {
            n => n,
        }
    }
}

fn dropped(f: impl FnOnce() -> usize) -> (usize, Vec<&'static str>) {
    DROPPED.take();
    let n = f();
    (n, DROPPED.take())
}

fn main() {
    let (a, b, c) = (|| Noisy("a"), || Noisy("b"), Noisy("c"));
    let compare = |(plain, plain_order): (usize, Vec<_>), (n, mut order): (usize, Vec<_>)| {
        let before: Vec<_> = order.drain(..2).collect();
        assert_eq!(before, ["by", "dimension"]);
        assert_eq!(order, plain_order);
        assert_eq!(n, plain + 2);
    };
    let (parameters, early) =
        (dropped(|| plain::parameters(a(), b(), &c)), dropped(|| plain::early(a(), b())));
    assert_eq!(parameters, dropped(|| guarded::parameters(a(), b(), &c)));
    assert_eq!(early, dropped(|| guarded::early(a(), b())));
    assert_eq!(
        dropped(|| plain::moved(a(), b())),
        dropped(|| guarded::moved(a(), b()))
    );
    compare(
        dropped(|| plain::parameters(a(), b(), &c)),
        dropped(|| annotated::parameters(a(), b(), &c)),
    );
    compare(dropped(|| plain::early(a(), b())), dropped(|| annotated::early(a(), b())));
    compare(dropped(|| plain::moved(a(), b())), dropped(|| annotated::moved(a(), b())));
}
