// Functions by how they end.

use core::error::Error;
use core::num::ParseIntError;
use core::ops::ControlFlow;
use std::panic::{catch_unwind, resume_unwind};

use super::super::ends::caught;
use super::annotated;

#[annotated]
fn branches(number: u32) -> u32 {
    match number {
        0 => return 1,
        1 => {}
        2 => resume_unwind(Box::new("expected")),
        _ => return if number > 5 { 2 } else { 3 },
    }
    4
}

#[annotated]
fn labels(limit: u32) -> Option<u32> {
    let mut sum = 0;
    let found = 'outer: loop {
        for left in 0..limit {
            for right in 0..limit {
                if left * right > 6 {
                    break 'outer left;
                }
                if left > right {
                    continue;
                }
                if left + right == 4 {
                    return Some(sum);
                }
                sum += 1;
            }
        }
        if limit == 0 {
            return None;
        }
        if sum < 90 {
            break 0;
        }
    };
    Some(found)
}

#[annotated]
fn block_with_label(number: u32) -> &'static str {
    'found: {
        if number == 0 {
            break 'found;
        }
        if number == 1 {
            return "one";
        }
    }
    "other"
}

#[annotated]
fn question_marks(left: &str, right: &str) -> Result<u32, ParseIntError> {
    let sum = left.parse::<u32>()? + right.parse::<u32>()?;
    Ok(sum)
}

#[annotated]
fn question_mark_converts(text: &str) -> Result<u32, Box<dyn Error>> {
    let number = text.parse::<u32>()?;
    u32::checked_sub(number, 1).ok_or_else(|| "zero".into())
}

#[annotated]
fn question_mark_of_option(numbers: &[Option<u32>]) -> Option<u32> {
    let mut sum = 0;
    for number in numbers {
        sum += (*number)?;
    }
    Some(sum)
}

#[annotated]
fn let_else(number: Option<u32>) -> Result<u32, &'static str> {
    let Some(number) = number else {
        return Err("none");
    };
    Ok(number)
}

#[annotated]
fn closure_returns(numbers: &[u32]) -> Option<u32> {
    let double = |number: u32| {
        if number == 0 {
            return 1;
        }
        number * 2
    };
    let parse = |text: &str| -> Result<u32, ParseIntError> {
        let number: u32 = text.parse()?;
        Ok(number)
    };
    let first = numbers.first().copied()?;
    Some(double(first) + parse("1").unwrap_or_default())
}

#[annotated]
fn try_for_each(numbers: &[u32]) -> ControlFlow<u32> {
    numbers.iter().try_for_each(|&number| {
        if number > 2 {
            return ControlFlow::Break(number);
        }
        ControlFlow::Continue(())
    })
}

#[annotated]
fn indexes(numbers: &[u32], index: usize) -> u32 {
    numbers[index]
}

#[annotated]
fn catches(panics: bool) -> bool {
    catch_unwind(|| {
        if panics {
            resume_unwind(Box::new("expected"));
        }
    })
    .is_err()
}

/// Calls an annotated function when it is dropped.
#[derive(Debug)]
struct Last;

impl Drop for Last {
    fn drop(&mut self) {
        assert_eq!(while_unwinding(1), 1);
    }
}

#[annotated]
fn while_unwinding(number: u32) -> u32 {
    number
}

#[annotated]
fn panics_with_last() {
    let _last = Last;
    resume_unwind(Box::new("expected"));
}

#[annotated]
fn propagates(text: &str) -> Result<u32, ParseIntError> {
    let number = question_marks(text, "1")?;
    question_marks(text, "2").map(|sum| sum + number)
}

#[test]
#[allow(clippy::default_numeric_fallback, clippy::too_many_lines, reason = "a table")]
fn each_exit_is_recorded_once() {
    let check = |function: &str, ends: &[&str], run: &mut dyn FnMut()| {
        super::RECORDS.check(module_path!(), function, ends, run);
    };
    check("branches", &["ok", "ok", "ok", "ok", "panic"], &mut || {
        let ends = [0, 1, 3, 6].map(branches);
        assert_eq!(ends, [1, 4, 3, 2]);
        drop(caught(|| branches(2)));
    });
    check("labels", &["ok"; 4], &mut || {
        let ends = [0, 1, 3, 9].map(labels);
        assert_eq!(ends, [None, Some(0), Some(5), Some(4)]);
    });
    check("block_with_label", &["ok"; 3], &mut || {
        let ends = [0, 1, 2].map(block_with_label);
        assert_eq!(ends, ["other", "one", "other"]);
    });
    check("question_marks", &["ok", "err", "err"], &mut || {
        assert_eq!(question_marks("1", "2"), Ok(3));
        assert!(question_marks("a", "2").is_err());
        assert!(question_marks("1", "b").is_err());
    });
    check("question_mark_converts", &["ok", "err", "err"], &mut || {
        assert!(question_mark_converts("1").is_ok());
        assert!(question_mark_converts("0").is_err());
        assert!(question_mark_converts("a").is_err());
    });
    check("question_mark_of_option", &["ok"; 2], &mut || {
        assert_eq!(question_mark_of_option(&[Some(1), Some(2)]), Some(3));
        assert_eq!(question_mark_of_option(&[Some(1), None]), None);
    });
    check("let_else", &["ok", "err"], &mut || {
        assert_eq!(let_else(Some(1)), Ok(1));
        assert_eq!(let_else(None), Err("none"));
    });
    check("closure_returns", &["ok"; 3], &mut || {
        assert_eq!(closure_returns(&[0]), Some(2));
        assert_eq!(closure_returns(&[1]), Some(3));
        assert_eq!(closure_returns(&[]), None);
    });
    check("try_for_each", &["ok"; 2], &mut || {
        assert!(try_for_each(&[1, 2]).is_continue());
        assert!(try_for_each(&[1, 3]).is_break());
    });
    check("indexes", &["ok", "panic"], &mut || {
        assert_eq!(indexes(&[1], 0), 1);
        drop(caught(|| indexes(&[1], 1)));
    });
    check("catches", &["ok"; 2], &mut || assert!(catches(true) && !catches(false)));
    check("while_unwinding", &["ok"], &mut || drop(caught(panics_with_last)));
    check("panics_with_last", &["panic"], &mut || drop(caught(panics_with_last)));
    check("propagates", &["ok", "err"], &mut || {
        assert_eq!(propagates("1"), Ok(5));
        assert!(propagates("a").is_err());
    });
    check("question_marks", &["ok", "ok", "err"], &mut || {
        assert_eq!(propagates("1"), Ok(5));
        assert!(propagates("a").is_err());
    });
}
