// Functions by their attributes. Each `#[expect]` also holds without the annotation.

use core::fmt::Debug;
use core::num::ParseIntError;
use core::panic::Location;

use super::super::ends::caught;
use super::annotated;

/// Documented.
///
/// More of it.
#[annotated]
fn documented_above() {}

#[annotated]
/// Documented.
fn documented_below() {}

#[annotated]
#[must_use]
fn must_use_below() -> u32 {
    1
}

#[must_use = "it is the only one"]
#[annotated]
fn must_use_above() -> u32 {
    1
}

#[annotated]
#[inline]
fn inlined() -> u32 {
    1
}

#[inline(never)]
#[annotated]
fn not_inlined() -> u32 {
    1
}

#[annotated]
#[inline(always)]
#[expect(clippy::inline_always)]
fn always_inlined() -> u32 {
    1
}

// Clippy accepts it on functions that do nothing, as far as their first statement reveals it.
#[annotated]
#[inline(always)]
fn always_inlined_empty() {}

#[annotated]
#[inline(always)]
fn always_inlined_item() -> u32 {
    const ONE: u32 = 1;
    ONE
}

#[annotated]
#[inline(always)]
fn always_inlined_generic<T>(_: &T) {}

#[annotated]
#[inline(always)]
fn always_inlined_block() -> u32 {
    {
        use core::cmp::max;
        max(1, 2)
    }
}

#[annotated]
#[cold]
fn cold() -> u32 {
    1
}

#[annotated]
#[cfg(any())]
fn left_out() -> Nothing {
    nowhere()
}

#[cfg(any())]
#[annotated]
fn left_out_above() -> Nothing {
    nowhere()
}

#[annotated]
#[cfg(not(any()))]
fn left_in() -> u32 {
    1
}

#[annotated]
#[cfg_attr(any(), nothing)]
#[cfg_attr(all(), must_use, inline)]
fn under_condition() -> u32 {
    1
}

#[annotated]
#[rustfmt::skip]
fn with_parameter_left_out(#[cfg(any())] number: Nothing, #[cfg(all())] number: u32) -> u32 { number }

#[annotated]
#[deprecated(note = "no more")]
fn deprecated() -> u32 {
    1
}

#[annotated]
#[track_caller]
fn tracked() -> &'static Location<'static> {
    Location::caller()
}

/// A place.
#[derive(Debug)]
struct Place(&'static Location<'static>);

#[annotated]
#[track_caller]
fn tracked_inside() -> Place {
    Place(Location::caller())
}

#[annotated]
#[track_caller]
fn tracked_perhaps() -> Option<&'static Location<'static>> {
    let place = Location::caller();
    (place.line() > 1).then_some(place)
}

#[annotated]
#[track_caller]
fn tracked_in_result(text: &str) -> Result<&'static Location<'static>, ParseIntError> {
    let line: u32 = text.parse()?;
    assert!(line < 2, "expected");
    Ok(Location::caller())
}

#[annotated]
extern "C" fn foreign(number: u32) -> u32 {
    number
}

#[annotated]
extern "C-unwind" fn foreign_unwinding(number: u32) -> u32 {
    number
}

#[annotated]
#[doc(hidden)]
#[doc(alias = "other")]
fn hidden() {}

#[annotated]
#[expect(unused_variables, reason = "as it says")]
#[expect(clippy::default_numeric_fallback)]
fn expects_unused(number: u32) {
    let other = 1;
}

#[annotated]
#[expect(unused_mut)]
fn expects_unused_mut(mut number: u32) -> u32 {
    number
}

#[annotated]
#[expect(unused_assignments)]
fn expects_unused_assignment() -> u32 {
    let mut number = 1;
    number = one();
    number = one();
    number
}

/// One.
#[inline(never)]
fn one() -> u32 {
    Location::caller().line().min(1)
}

#[annotated]
#[expect(unreachable_code)]
fn expects_unreachable() -> u32 {
    return 1;
    hidden();
}

#[annotated]
#[expect(clippy::needless_return)]
fn expects_needless_return() -> u32 {
    let number = one();
    return number;
}

#[annotated]
#[expect(clippy::let_and_return)]
fn expects_let_and_return() -> u32 {
    let number = one();
    number
}

#[annotated]
#[expect(clippy::needless_pass_by_value)]
fn expects_pass_by_value(text: String) -> usize {
    text.len()
}

#[annotated]
#[expect(clippy::trivially_copy_pass_by_ref)]
fn expects_trivially_copy(number: &u8) -> u8 {
    *number
}

#[annotated]
#[expect(clippy::ptr_arg)]
fn expects_ptr_arg(numbers: &Vec<u32>) -> usize {
    numbers.len()
}

#[annotated]
#[expect(clippy::needless_lifetimes)]
fn expects_needless_lifetimes<'a>(text: &'a str) -> &'a str {
    text
}

#[annotated]
#[expect(clippy::type_complexity)]
fn expects_type_complexity() -> Option<Box<dyn Fn(Vec<Option<(u32, u32)>>) -> Result<Vec<u32>, Vec<String>>>> {
    None
}

#[annotated]
#[expect(clippy::unnecessary_literal_unwrap)]
fn expects_in_body() -> u32 {
    Some(1).unwrap()
}

#[annotated]
#[expect(clippy::fn_params_excessive_bools)]
fn expects_bools(a: bool, b: bool, c: bool, d: bool) -> bool {
    a && b && c && d
}

#[annotated]
fn unused_type<T: Debug + ?Sized, U>() {}

#[annotated]
#[expect(clippy::extra_unused_type_parameters)]
fn expects_unused_type<T: Debug>() -> u32 {
    one()
}

#[annotated]
#[expect(clippy::used_underscore_binding)]
fn expects_underscore(_number: u32) -> u32 {
    _number
}

#[annotated]
#[allow(clippy::all, unused, reason = "as it says")]
fn allows(number: u32) -> u32 {
    let unused = number;
    return number;
}

#[annotated]
fn with_inner_attribute() -> u32 {
    #![expect(unused_variables)]
    let number = 1;
    1
}

#[annotated]
fn with_attributes_in_body(number: u32) -> u32 {
    #[expect(unused_variables)]
    let other = number;
    #[cfg(any())]
    return nowhere();
    #[expect(clippy::match_same_arms)]
    match number {
        1 => 1,
        2 => 1,
        _ => 2,
    }
}

#[test]
#[allow(clippy::default_numeric_fallback, clippy::too_many_lines, reason = "a table")]
fn each_is_recorded_once() {
    let check = |function: &str, run: &mut dyn FnMut()| {
        super::RECORDS.check(module_path!(), function, &["ok"], run);
    };
    check("documented_above", &mut || documented_above());
    check("documented_below", &mut || documented_below());
    check("must_use_below", &mut || assert_eq!(must_use_below(), 1));
    check("must_use_above", &mut || assert_eq!(must_use_above(), 1));
    check("inlined", &mut || assert_eq!(inlined(), 1));
    check("not_inlined", &mut || assert_eq!(not_inlined(), 1));
    check("always_inlined", &mut || assert_eq!(always_inlined(), 1));
    check("always_inlined_empty", &mut || always_inlined_empty());
    check("always_inlined_item", &mut || assert_eq!(always_inlined_item(), 1));
    check("always_inlined_generic", &mut || always_inlined_generic(&1));
    check("always_inlined_block", &mut || assert_eq!(always_inlined_block(), 2));
    check("cold", &mut || assert_eq!(cold(), 1));
    check("left_in", &mut || assert_eq!(left_in(), 1));
    check("under_condition", &mut || assert_eq!(under_condition(), 1));
    check("with_parameter_left_out", &mut || assert_eq!(with_parameter_left_out(1), 1));
    #[expect(deprecated)]
    check("deprecated", &mut || assert_eq!(deprecated(), 1));
    check("tracked", &mut || {
        assert_eq!(tracked().line(), line!());
    });
    check("tracked_inside", &mut || {
        assert_eq!(tracked_inside().0.line(), line!());
    });
    check("tracked_perhaps", &mut || {
        assert!(tracked_perhaps().is_some_and(|place| place.line() == line!()));
    });
    super::RECORDS.check(module_path!(), "tracked_in_result", &["ok", "err", "panic"], || {
        assert!(tracked_in_result("1").is_ok_and(|place| place.line() == line!()));
        assert!(tracked_in_result("a").is_err());
        drop(caught(|| tracked_in_result("2")));
    });
    check("foreign", &mut || assert_eq!(foreign(1), 1));
    check("foreign_unwinding", &mut || assert_eq!(foreign_unwinding(1), 1));
    check("hidden", &mut || hidden());
    check("with_inner_attribute", &mut || assert_eq!(with_inner_attribute(), 1));
    check("with_attributes_in_body", &mut || assert_eq!(with_attributes_in_body(3), 2));
    check("allows", &mut || assert_eq!(allows(1), 1));
}

#[test]
#[allow(clippy::default_numeric_fallback, clippy::too_many_lines, reason = "a table")]
fn expected_values_are_recorded_once() {
    let check = |function: &str, run: &mut dyn FnMut()| {
        super::RECORDS.check(module_path!(), function, &["ok"], run);
    };
    check("expects_unused", &mut || expects_unused(1));
    check("expects_unused_mut", &mut || assert_eq!(expects_unused_mut(1), 1));
    check("expects_unused_assignment", &mut || assert_eq!(expects_unused_assignment(), 1));
    check("expects_unreachable", &mut || assert_eq!(expects_unreachable(), 1));
    check("expects_needless_return", &mut || assert_eq!(expects_needless_return(), 1));
    check("expects_let_and_return", &mut || assert_eq!(expects_let_and_return(), 1));
    check("expects_pass_by_value", &mut || assert_eq!(expects_pass_by_value("a".into()), 1));
    check("expects_trivially_copy", &mut || assert_eq!(expects_trivially_copy(&1), 1));
    check("expects_ptr_arg", &mut || assert_eq!(expects_ptr_arg(&vec![1]), 1));
    check("expects_needless_lifetimes", &mut || assert_eq!(expects_needless_lifetimes("a"), "a"));
    check("expects_type_complexity", &mut || assert!(expects_type_complexity().is_none()));
    check("expects_in_body", &mut || assert_eq!(expects_in_body(), 1));
    check("expects_bools", &mut || assert!(expects_bools(true, true, true, true)));
    check("unused_type", &mut || unused_type::<str, u32>());
    check("expects_unused_type", &mut || assert_eq!(expects_unused_type::<u32>(), 1));
    check("expects_underscore", &mut || assert_eq!(expects_underscore(1), 1));
}
