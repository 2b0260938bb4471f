// Functions by where they stand.

use core::borrow::Borrow;
use core::cmp::Ordering;
use core::fmt::{self, Display, Formatter};
use core::hash::{Hash, Hasher};
use core::iter::FusedIterator;
use core::num::ParseIntError;
use core::ops::{Add, Deref, DerefMut, Index, Neg};
use core::str::FromStr;
use std::collections::HashSet;

use super::annotated;

/// A module.
mod inner {
    use super::annotated;

    #[annotated]
    pub(super) fn of_parent(number: u32) -> u32 {
        of_module(number) + 1
    }

    #[annotated]
    pub(in super::inner) fn of_module(number: u32) -> u32 {
        number + 1
    }
}

#[annotated]
fn outer(number: u32) -> u32 {
    #[annotated]
    fn nested(number: u32) -> u32 {
        #[annotated]
        fn outer(number: u32) -> u32 {
            number + 1
        }

        outer(number) + 1
    }

    nested(number) + 1
}

#[annotated]
fn nested_behind_statements(number: u32) -> u32 {
    let doubled = number * 2;
    if doubled > 2 {
        #[annotated]
        fn nested_in_branch(number: u32) -> u32 {
            number + 1
        }

        return nested_in_branch(doubled);
    }
    doubled
}

#[annotated]
fn factorial(number: u64) -> u64 {
    if number < 2 { 1 } else { number * factorial(number - 1) }
}

#[annotated]
fn even(number: u32) -> bool {
    if number == 0 { true } else { odd(number - 1) }
}

#[annotated]
fn odd(number: u32) -> bool {
    number != 0 && even(number - 1)
}

/// A function in a constant.
const CONSTANT: fn() -> u32 = {
    #[annotated]
    fn in_constant() -> u32 {
        1
    }

    in_constant
};

/// A shape.
trait Shape {
    /// Its sides.
    const SIDES: u32;

    /// Its name.
    fn name(&self) -> String;

    /// With a default body.
    #[annotated]
    fn described(&self) -> String {
        format!("{} of {}", self.name(), Self::SIDES)
    }

    /// With a default body, without `self`.
    #[annotated]
    fn sides() -> u32
    where
        Self: Sized,
    {
        Self::SIDES
    }

    /// With parameters of its own.
    #[annotated]
    fn compared<'a, O: Shape + ?Sized>(&'a self, other: &'a O) -> Option<&'a Self> {
        (Self::SIDES > O::SIDES && !other.name().is_empty()).then_some(self)
    }
}

/// A square.
#[derive(Clone, Debug)]
struct Square<T>(T);

impl<T: Display> Shape for Square<T> {
    const SIDES: u32 = 4;

    #[annotated]
    fn name(&self) -> String {
        format!("square {}", self.0)
    }
}

impl Shape for str {
    const SIDES: u32 = 0;

    #[annotated]
    fn name(&self) -> String {
        self.to_owned()
    }

    #[annotated]
    fn described(&self) -> String {
        self.name() + "!"
    }
}

impl<T> Square<T> {
    #[annotated]
    fn new(side: T) -> Self {
        Self(side)
    }

    #[annotated]
    fn map<U>(self, by: impl FnOnce(T) -> U) -> Square<U> {
        Square(by(self.0))
    }
}

impl<T: Clone, const N: usize> Square<[T; N]> {
    #[annotated]
    fn first(&self) -> Option<&T> {
        self.0.first()
    }
}

/// One.
const ONE: u8 = 1;

/// A number with operators.
#[derive(Debug, Default)]
struct Number(u8);

impl Add for Number {
    type Output = Self;

    #[annotated]
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Neg for Number {
    type Output = Self;

    #[annotated]
    fn neg(self) -> Self {
        Self(!self.0)
    }
}

impl Index<usize> for Number {
    type Output = u8;

    #[annotated]
    fn index(&self, _: usize) -> &u8 {
        &self.0
    }
}

impl Deref for Number {
    type Target = u8;

    #[annotated]
    fn deref(&self) -> &u8 {
        &self.0
    }
}

impl DerefMut for Number {
    #[annotated]
    fn deref_mut(&mut self) -> &mut u8 {
        &mut self.0
    }
}

impl PartialEq for Number {
    #[annotated]
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Number {}

impl Hash for Number {
    #[annotated]
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl PartialOrd for Number {
    #[annotated]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    #[annotated]
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl Borrow<u8> for Number {
    #[annotated]
    fn borrow(&self) -> &u8 {
        &self.0
    }
}

impl From<u8> for Number {
    #[annotated]
    fn from(number: u8) -> Self {
        Self(number)
    }
}

impl FromStr for Number {
    type Err = ParseIntError;

    #[annotated]
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.parse()?))
    }
}

impl Display for Number {
    #[annotated]
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Iterator for Number {
    type Item = u8;

    #[annotated]
    fn next(&mut self) -> Option<u8> {
        self.0 = self.0.checked_sub(ONE)?;
        Some(self.0)
    }
}

impl FusedIterator for Number {}

/// Something to be dropped.
#[derive(Debug)]
struct Dropped(Number);

impl Drop for Dropped {
    #[annotated]
    fn drop(&mut self) {
        self.0.0 = ONE;
    }
}

#[test]
#[allow(clippy::default_numeric_fallback, clippy::too_many_lines, reason = "a table")]
fn each_is_recorded_once() {
    let check = |function: &str, ends: &[&str], run: &mut dyn FnMut()| {
        super::RECORDS.check(module_path!(), function, ends, run);
    };
    check("inner.of_parent", &["ok"], &mut || assert_eq!(inner::of_parent(1), 3));
    check("inner.of_module", &["ok"], &mut || assert_eq!(inner::of_parent(1), 3));
    check("outer", &["ok"; 2], &mut || assert_eq!(outer(1), 4));
    check("nested", &["ok"], &mut || assert_eq!(outer(1), 4));
    check("nested_behind_statements", &["ok"; 2], &mut || {
        assert_eq!(nested_behind_statements(1), 2);
        assert_eq!(nested_behind_statements(2), 5);
    });
    check("nested_in_branch", &["ok"], &mut || assert_eq!(nested_behind_statements(2), 5));
    check("factorial", &["ok"; 4], &mut || assert_eq!(factorial(4), 24));
    check("even", &["ok"; 3], &mut || assert!(even(4)));
    check("odd", &["ok"; 2], &mut || assert!(even(4)));
    check("in_constant", &["ok"], &mut || assert_eq!(CONSTANT(), 1));
    check("name", &["ok"; 2], &mut || {
        assert_eq!(Square::new(1).described(), "square 1 of 4");
        assert_eq!("a".described(), "a!");
    });
    check("described", &["ok"; 2], &mut || {
        assert_eq!(Square::new(1).described(), "square 1 of 4");
        assert_eq!("a".described(), "a!");
    });
    check("sides", &["ok"], &mut || assert_eq!(Square::<u32>::sides(), 4));
    check("compared", &["ok"], &mut || assert!(Square(1).compared("a").is_some()));
    check("map", &["ok"], &mut || assert_eq!(Square::new(1).map(|n| n + 1).0, 2));
    check("first", &["ok"], &mut || assert_eq!(Square([1, 2]).first(), Some(&1)));
    check("drop", &["ok"], &mut || drop(Dropped(Number(1))));
}

#[test]
#[allow(clippy::default_numeric_fallback, clippy::too_many_lines, reason = "a table")]
fn operators_are_recorded_once() {
    let check = |function: &str, run: &mut dyn FnMut()| {
        super::RECORDS.check(module_path!(), function, &["ok"], run);
    };
    check("add", &mut || assert!(Number(1) + Number(2) == Number(3)));
    check("neg", &mut || assert_eq!((-Number(1)).0, 254));
    check("index", &mut || assert_eq!(Number(1)[0], 1));
    check("deref", &mut || assert_eq!(*Number(1), 1));
    check("deref_mut", &mut || *Number(1) = 2);
    check("eq", &mut || assert!(Number(1) == Number(1)));
    check("hash", &mut || drop(HashSet::from([Number(1)])));
    check("partial_cmp", &mut || assert!(Number(1) < Number(2)));
    check("cmp", &mut || assert!(Number(1) < Number(2)));
    check("borrow", &mut || assert_eq!(Borrow::<u8>::borrow(&Number(1)), &1));
    check("from", &mut || assert_eq!(Number::from(1).0, 1));
    check("fmt", &mut || assert_eq!(format!("{}", Number(1)), "1"));
    check("next", &mut || assert_eq!(Number(1).next(), Some(0)));
    super::RECORDS.check(module_path!(), "from_str", &["ok", "err"], || {
        assert!("1".parse::<Number>().is_ok());
        assert!("a".parse::<Number>().is_err());
    });
}
