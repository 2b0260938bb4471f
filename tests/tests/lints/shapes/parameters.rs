// Functions by parameters.

use core::cell::RefCell;
use core::fmt::{Debug, Display};
use core::ops::{AddAssign, Deref};
use core::pin::Pin;
use std::panic::panic_any;
use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use super::annotated;

/// A name that may be that of a `Result`, for all that an annotation sees.
type Out<T> = T;

#[annotated]
#[expect(clippy::explicit_auto_deref)]
fn dereferenced(text: &String) -> &str {
    &**text
}

#[annotated]
fn nothing() {}

#[annotated]
fn one(number: u32) -> Out<u32> {
    number
}

#[annotated]
fn mutable(mut number: u32) -> Out<u32> {
    number += 1;
    number
}

#[annotated]
fn tuple((left, right): (u32, u32)) -> Out<u32> {
    left + right
}

#[annotated]
fn mutable_in_tuple((mut left, right): (u32, u32)) -> Out<u32> {
    left += right;
    left
}

#[annotated]
#[expect(clippy::trivially_copy_pass_by_ref)]
fn reference(&number: &u32) -> Out<u32> {
    number
}

#[annotated]
fn ignored(_: u32, _: &str) {}

#[annotated]
fn underscored(_number: u32, _text: &str) {}

#[annotated]
fn ends_of([first, .., last]: [u32; 3]) -> Out<u32> {
    first + last
}

#[annotated]
fn rest([first, rest @ ..]: &[u32; 3]) -> Out<u32> {
    first + rest.iter().sum::<u32>()
}

#[annotated]
fn bound(both @ (left, _): (u32, u32)) -> Out<u32> {
    both.1 + left
}

/// A pair of numbers.
#[derive(Clone, Copy, Debug)]
struct Pair {
    /// One.
    left: u32,
    /// The right operand.
    right: u32,
}

#[annotated]
fn fields(Pair { left, right: other }: Pair) -> Out<u32> {
    left + other
}

#[annotated]
#[expect(clippy::trivially_copy_pass_by_ref)]
fn some_fields(&Pair { left, .. }: &Pair) -> Out<u32> {
    left
}

#[annotated]
fn reference_to_field(Pair { left, .. }: &mut Pair) -> Out<&mut u32> {
    *left += 1;
    left
}

#[annotated]
#[allow(
    clippy::needless_pass_by_value,
    clippy::toplevel_ref_arg,
    reason = "fall silent with an outcome"
)]
fn by_reference(ref text: String) -> usize {
    text.len()
}

#[annotated]
#[expect(clippy::needless_borrowed_reference, clippy::trivially_copy_pass_by_ref)]
fn through_references(&mut ref mut left: &mut u32, &(ref right, _): &(u32, u32)) -> Out<u32> {
    *left += right;
    *left
}

#[annotated]
#[expect(clippy::needless_pass_by_value)]
fn allowed(
    #[allow(unused_variables)] one: String,
    #[expect(unused_variables)] two: String,
    #[cfg_attr(all(), expect(unused_variables))] (three, _): (String, u32),
    #[cfg_attr(any(), allow(unused_variables))] _four: String,
    #[expect(unused_mut)] mut five: u32,
    #[expect(unused_mut, unused_variables)] (mut six, _): (u32, u32),
    #[expect(non_snake_case)] Seven: u32,
) -> Out<u32> {
    five + Seven
}

#[annotated]
#[track_caller]
fn diverging(number: u32) -> Result<u32, String> {
    panic_any(number)
}

#[annotated]
fn elided(text: &str) -> Out<&str> {
    text
}

#[annotated]
fn named<'a>(left: &'a str, right: &str) -> Out<&'a str> {
    if right.is_empty() { left } else { &left[1..] }
}

#[annotated]
fn outlived<'long: 'short, 'short>(long: &'long u32, short: &'short u32) -> Out<(&'long u32, &'short u32)> {
    (long, if *long > *short { long } else { short })
}

#[annotated]
fn exclusive(number: &mut u32) -> Out<&mut u32> {
    *number += 1;
    number
}

#[annotated]
#[expect(clippy::mut_mut)]
fn exclusive_of_exclusive<'a>(numbers: &'a mut &mut [u32]) -> Out<&'a mut [u32]> {
    &mut numbers[1..]
}

#[annotated]
fn opaque(number: impl Display) -> Out<String> {
    number.to_string()
}

#[annotated]
fn opaque_closure(mut twice: impl FnMut(u32) -> u32) -> Out<u32> {
    twice(1) + twice(2)
}

#[annotated]
fn of_any_lifetime<F>(trim: F) -> Out<usize>
where
    F: for<'a> Fn(&'a str) -> &'a str,
{
    trim(" a ").len()
}

#[annotated]
fn boxed_closure(once: Box<dyn FnOnce(&str) -> usize + '_>) -> Out<usize> {
    once("a")
}

#[annotated]
fn pointer(length: fn(&str) -> usize) -> Out<usize> {
    length("a")
}

#[annotated]
fn dynamic(value: &dyn Debug) -> Out<String> {
    format!("{value:?}")
}

#[annotated]
fn generic<T, U>(value: T, other: U) -> Out<(U, T)>
where
    T: Clone,
    U: Default + PartialEq,
{
    let _copy = value.clone();
    (other, value)
}

#[annotated]
fn sized<const N: usize>(numbers: [u32; N]) -> Out<usize> {
    numbers.len() + N
}

#[annotated]
fn sized_and_generic<'a, T: 'a + Copy + AddAssign, const N: usize>(numbers: &'a mut [T; N]) -> Out<T> {
    let second = numbers[1];
    numbers[0] += second;
    numbers[0]
}

#[annotated]
fn unsized_behind<T: ?Sized + AsRef<str>>(text: &T) -> Out<usize> {
    text.as_ref().len()
}

#[annotated]
fn projected<I: IntoIterator>(values: I) -> Out<Option<I::Item>>
where
    I::Item: PartialOrd,
{
    values.into_iter().reduce(|left, right| if left < right { right } else { left })
}

#[annotated]
fn borrowed_or_owned(text: Cow<'_, str>) -> Out<String> {
    text.into_owned()
}

#[annotated]
fn raw(r#type: u32, r#fn: u32) -> Out<u32> {
    r#type + r#fn
}

/// A value with methods.
#[derive(Debug, Default)]
struct Value {
    /// It.
    inner: u32,
}

impl Value {
    #[annotated]
    fn shared(&self) -> Out<u32> {
        self.inner
    }

    #[annotated]
    fn exclusive(&mut self) -> Out<&mut u32> {
        &mut self.inner
    }

    #[annotated]
    fn consumed(self) -> Out<u32> {
        self.inner
    }

    #[annotated]
    fn changed(mut self) -> Self {
        self.inner += 1;
        self
    }

    #[annotated]
    #[expect(clippy::trivially_copy_pass_by_ref)]
    fn of_lifetime<'a>(&'a self, _: &u32) -> Out<&'a u32> {
        &self.inner
    }

    #[annotated]
    #[allow(clippy::boxed_local, reason = "falls silent with an outcome")]
    fn boxed(self: Box<Self>) -> Out<u32> {
        self.inner
    }

    #[annotated]
    fn counted(self: &Rc<Self>) -> Out<Rc<Self>> {
        Rc::clone(self)
    }

    #[annotated]
    fn shared_by_threads(self: Arc<Self>) -> Out<u32> {
        self.inner
    }

    #[annotated]
    fn pinned(self: Pin<&Self>) -> Out<u32> {
        self.inner
    }

    #[annotated]
    fn pinned_exclusive(mut self: Pin<&mut Self>) -> Out<u32> {
        self.inner += 1;
        self.inner
    }

    #[annotated]
    fn pinned_box(self: Pin<Box<Self>>) -> Out<u32> {
        self.inner
    }

    #[annotated]
    #[expect(clippy::needless_arbitrary_self_type)]
    fn typed(self: &Self) -> Out<u32> {
        self.inner
    }
}

#[annotated]
fn in_cell(cell: &RefCell<Value>) -> impl Deref<Target = Value> + '_ {
    cell.borrow()
}

#[test]
#[allow(clippy::default_numeric_fallback, clippy::too_many_lines, reason = "a table")]
fn each_is_recorded_once() {
    let check = |function: &str, run: &mut dyn FnMut()| {
        super::RECORDS.check(module_path!(), function, &["ok"], run);
    };
    let pair = Pair { left: 1, right: 2 };

    check("dereferenced", &mut || assert_eq!(dereferenced(&"a".to_owned()), "a"));
    check("nothing", &mut || nothing());
    check("one", &mut || assert_eq!(one(1), 1));
    check("mutable", &mut || assert_eq!(mutable(1), 2));
    check("tuple", &mut || assert_eq!(tuple((1, 2)), 3));
    check("mutable_in_tuple", &mut || assert_eq!(mutable_in_tuple((1, 2)), 3));
    check("reference", &mut || assert_eq!(reference(&1), 1));
    check("ignored", &mut || ignored(1, ""));
    check("underscored", &mut || underscored(1, ""));
    check("ends_of", &mut || assert_eq!(ends_of([1, 2, 3]), 4));
    check("rest", &mut || assert_eq!(rest(&[1, 2, 3]), 6));
    check("bound", &mut || assert_eq!(bound((1, 2)), 3));
    check("fields", &mut || assert_eq!(fields(pair), 3));
    check("some_fields", &mut || assert_eq!(some_fields(&pair), 1));
    check("reference_to_field", &mut || {
        assert_eq!(*reference_to_field(&mut pair.clone()), 2);
    });
    check("by_reference", &mut || assert_eq!(by_reference("a".to_owned()), 1));
    check("through_references", &mut || {
        assert_eq!(through_references(&mut 1, &(2, 3)), 3);
    });
    check("allowed", &mut || {
        let text = String::new;
        assert_eq!(allowed(text(), text(), (text(), 1), text(), 5, (6, 6), 7), 12);
    });
    check("elided", &mut || assert_eq!(elided("a"), "a"));
    check("named", &mut || assert_eq!(named("ab", "c"), "b"));
    check("outlived", &mut || assert_eq!(outlived(&1, &2), (&1, &2)));
    check("exclusive", &mut || assert_eq!(*exclusive(&mut 1), 2));
    check("exclusive_of_exclusive", &mut || {
        assert_eq!(exclusive_of_exclusive(&mut &mut [1, 2][..]), [2]);
    });
    check("opaque", &mut || assert_eq!(opaque(1), "1"));
    check("opaque_closure", &mut || assert_eq!(opaque_closure(|n| n * 2), 6));
    check("of_any_lifetime", &mut || assert_eq!(of_any_lifetime(str::trim), 1));
    check("boxed_closure", &mut || assert_eq!(boxed_closure(Box::new(str::len)), 1));
    check("pointer", &mut || assert_eq!(pointer(str::len), 1));
    check("dynamic", &mut || assert_eq!(dynamic(&1), "1"));
    check("generic", &mut || assert_eq!(generic(1, "a"), ("a", 1)));
    check("sized", &mut || assert_eq!(sized([1, 2]), 4));
    check("sized_and_generic", &mut || assert_eq!(sized_and_generic(&mut [1, 2]), 3));
    check("unsized_behind", &mut || assert_eq!(unsized_behind("a"), 1));
    check("projected", &mut || assert_eq!(projected([1, 3, 2]), Some(3)));
    check("borrowed_or_owned", &mut || assert_eq!(borrowed_or_owned("a".into()), "a"));
    check("raw", &mut || assert_eq!(raw(1, 2), 3));
    check("shared", &mut || assert_eq!(Value::default().shared(), 0));
    check("consumed", &mut || assert_eq!(Value::default().consumed(), 0));
    check("changed", &mut || assert_eq!(Value::default().changed().inner, 1));
    check("of_lifetime", &mut || assert_eq!(Value::default().of_lifetime(&1), &0));
    check("boxed", &mut || assert_eq!(Box::new(Value::default()).boxed(), 0));
    check("counted", &mut || assert_eq!(Rc::new(Value::default()).counted().inner, 0));
    check("shared_by_threads", &mut || {
        assert_eq!(Arc::new(Value::default()).shared_by_threads(), 0);
    });
    check("pinned", &mut || assert_eq!(Pin::new(&Value::default()).pinned(), 0));
    check("pinned_exclusive", &mut || {
        assert_eq!(Pin::new(&mut Value::default()).pinned_exclusive(), 1);
    });
    check("pinned_box", &mut || assert_eq!(Box::pin(Value::default()).pinned_box(), 0));
    check("typed", &mut || assert_eq!(Value::default().typed(), 0));
    check("in_cell", &mut || assert_eq!(in_cell(&RefCell::default()).inner, 0));
    super::RECORDS.check(module_path!(), "diverging", &["panic"], || {
        let panic = super::super::ends::caught(|| diverging(1));
        assert_eq!(panic.downcast_ref::<u32>(), Some(&1));
    });
    // Two functions with the same name in one module are one metric.
    super::RECORDS.check(module_path!(), "exclusive", &["ok"; 2], || {
        assert_eq!(*Value::default().exclusive(), 0);
        assert_eq!(*exclusive(&mut 1), 2);
    });
}
