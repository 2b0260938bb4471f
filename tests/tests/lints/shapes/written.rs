// Functions that `macro_rules!` writes, with fragments of every kind in every place.

use core::future::ready as at_once;
use core::num::ParseIntError;

use super::super::ends::{caught, ready};
use super::annotated;

/// By the name alone.
macro_rules! named {
    ($($name:ident)*) => {$(
        #[annotated]
        fn $name() -> &'static str {
            stringify!($name)
        }
    )*};
}

named!(first second);

/// By all of its parts.
macro_rules! parts {
    ($(#[$attr:meta])* $vis:vis fn $name:ident<$life:lifetime>($($param:ident: $ty:ty),*) -> $ret:ty $body:block) => {
        $(#[$attr])*
        #[annotated]
        $vis fn $name<$life>($($param: $ty),*) -> $ret $body
    };
}

parts! {
    /// A type with two parameters.
    pub(super) fn of_parts<'a>(text: &'a str, other: usize) -> Option<&'a str> {
        let (_, rest) = text.split_at_checked(other)?;
        Some(rest)
    }
}

/// By a pattern and an expression.
macro_rules! pattern {
    ($name:ident, $pat:pat, $ty:ty, $ret:ty, $value:expr) => {
        #[annotated]
        fn $name($pat: $ty) -> $ret {
            $value
        }
    };
}

pattern!(of_pattern, _, (u32, u32), u32, 2 + 1);
pattern!(of_early, _, u32, u32, return 4);

/// By the tokens of its body.
macro_rules! tokens {
    ($name:ident($($params:tt)*) $(-> $ret:ty)? { $($body:tt)* }) => {
        #[annotated]
        fn $name($($params)*) $(-> $ret)? { $($body)* }
    };
}

tokens!(of_tokens(number: u32) -> u32 {
    if number > 1 { return number; }
    number + 1
});
tokens!(of_no_tokens() {});
tokens!(of_panic(number: u32) -> u32 { assert!(number > 0, "expected"); number });

/// By one expression, as braces of its own.
macro_rules! expression {
    ($name:ident = $value:expr) => {
        #[annotated]
        fn $name() -> Result<u32, ParseIntError> {
            $value
        }
    };
}

expression!(of_expression = Ok("1".parse::<u32>()? + 1));
expression!(of_failure = "a".parse());

/// A whole item.
macro_rules! item {
    ($item:item) => {
        #[annotated]
        $item
    };
}

item! {
    fn of_item(number: u32) -> u32 {
        number + 1
    }
}

item! {
    async fn of_asynchronous_item(number: &u32) -> u32 {
        at_once(*number).await + 1
    }
}

/// A method, and a type.
macro_rules! methods {
    ($name:ident, $self:ident, $($method:ident => $value:expr),*) => {
        /// A type.
        #[derive(Debug)]
        struct $name(u32);

        impl $name {
            $(
                #[annotated]
                fn $method(&$self) -> u32 {
                    $value
                }
            )*
        }
    };
}

methods!(Written, self, of_method => self.0, of_other_method => self.0 + 1);

/// By a statement.
macro_rules! statement {
    ($name:ident, $statement:stmt) => {
        #[annotated]
        fn $name() {
            $statement
        }
    };
}

statement!(of_statement, drop(at_once(())));

/// By a literal, a path and a type.
macro_rules! constant {
    ($name:ident, $literal:literal, $path:path) => {
        #[annotated]
        fn $name() -> bool {
            let $name = $path($literal);
            $name.is_some()
        }
    };
}

/// It.
fn some(number: u32) -> Option<u32> {
    (number > 0).then_some(number)
}

constant!(of_literal, 1, some);

/// `return` and `?` that only the macro sees.
macro_rules! leave {
    ($number:expr) => {
        if $number > 1 {
            return None;
        }
    };
    (? $number:expr) => {
        Some($number)?
    };
}

#[annotated]
fn hidden_return(number: u32) -> Option<u32> {
    leave!(number);
    Some(leave!(? number))
}

#[test]
#[allow(clippy::default_numeric_fallback, clippy::too_many_lines, reason = "a table")]
fn each_is_recorded_once() {
    let check = |function: &str, ends: &[&str], run: &mut dyn FnMut()| {
        super::RECORDS.check(module_path!(), function, ends, run);
    };
    check("first", &["ok"], &mut || assert_eq!(first(), "first"));
    check("second", &["ok"], &mut || assert_eq!(second(), "second"));
    check("of_parts", &["ok"; 2], &mut || {
        assert_eq!(of_parts("ab", 1), Some("b"));
        assert_eq!(of_parts("ab", 3), None);
    });
    check("of_pattern", &["ok"], &mut || assert_eq!(of_pattern((1, 2)), 3));
    check("of_early", &["ok"], &mut || assert_eq!(of_early(1), 4));
    check("of_tokens", &["ok"; 2], &mut || assert_eq!(of_tokens(1) + of_tokens(2), 4));
    check("of_no_tokens", &["ok"], &mut || of_no_tokens());
    check("of_panic", &["ok", "panic"], &mut || {
        assert_eq!(of_panic(1), 1);
        drop(caught(|| of_panic(0)));
    });
    check("of_expression", &["ok"], &mut || assert_eq!(of_expression(), Ok(2)));
    check("of_failure", &["err"], &mut || assert!(of_failure().is_err()));
    check("of_item", &["ok"], &mut || assert_eq!(of_item(1), 2));
    check("of_asynchronous_item", &["ok"], &mut || assert_eq!(ready(of_asynchronous_item(&1)), 2));
    check("of_method", &["ok"], &mut || assert_eq!(Written(1).of_method(), 1));
    check("of_other_method", &["ok"], &mut || assert_eq!(Written(1).of_other_method(), 2));
    check("of_statement", &["ok"], &mut || of_statement());
    check("of_literal", &["ok"], &mut || assert!(of_literal()));
    check("hidden_return", &["ok"; 2], &mut || {
        assert_eq!(hidden_return(1), Some(1));
        assert_eq!(hidden_return(2), None);
    });
}
