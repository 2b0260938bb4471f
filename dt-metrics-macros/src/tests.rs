//! Expansions as text: properties that a compiled program cannot observe. The rest is tested from
//! outside, with the compiler.

use std::str::FromStr;

use proc_macro2::TokenStream;

use crate::{annotations, impl_block};

fn tokens(text: &str) -> TokenStream {
    TokenStream::from_str(text).unwrap()
}

fn counted(args: &str, item: &str) -> String {
    annotations::COUNTED
        .expand(tokens(args), tokens(item))
        .to_string()
}

#[test]
fn dimensions_known_to_the_compiler_are_not_evaluated_on_calls() {
    const CALLED: &str = "DimensionedCounter :: add";
    const ONCE: &str = "Counter :: resolved";
    const COMPILED: &str = "Counter :: new";

    for (dims, item, expected) in [
        ("", "fn f() {}", COMPILED),
        (r#"a = "a", b = 1, c = -1.5"#, "fn f() {}", COMPILED),
        (r#"a = "a", b = const { REGION }"#, "fn f() {}", ONCE),
        ("a = const { T1::A }", "fn f() {}", CALLED),
        ("a = const { [0; N].len() }", "fn f() {}", CALLED),
        ("a = const { Self::A }", "fn f(&self) {}", CALLED),
        ("a = const { Region::A.b(self::C) }", "fn f() {}", ONCE),
        ("a = const { size_of::<T>() }", "fn f(&self) {}", CALLED),
        ("a = const { Region::Eu.name() }", "fn f() {}", ONCE),
        ("a = const { Item::NAME }", "fn f<Item: Named>() {}", CALLED),
        ("a = const { SIZE }", "fn f<const SIZE: usize>() {}", CALLED),
        ("a = const { SIZE }", "fn f<'a, Item>() {}", ONCE),
        ("a = a", "fn f(a: u8) {}", CALLED),
        (
            "a = const { REGION }, b = 1, c = c",
            "fn f(c: u8) {}",
            CALLED,
        ),
    ] {
        let expansion = counted(&format!("dims({dims})"), item);
        for call in [CALLED, ONCE, COMPILED] {
            // The longer name ends in the shorter.
            let found = expansion
                .replace("DimensionedCounter :: new", "")
                .contains(call);
            assert_eq!(found, call == expected, "{dims}: {expansion}");
        }
    }
}

#[test]
fn literals_become_values() {
    for (literal, value) in [
        (r#""a""#, r#"Str ("a")"#),
        ("true", "Bool (true)"),
        ("5", "I64 (5i64)"),
        ("-5", "I64 (- 5i64)"),
        ("1_000u8", ""),
        ("200u8", "U64 (200u64)"),
        ("0x7fff_ffff_ffff_ffff", "I64 (9223372036854775807i64)"),
        ("0x8000_0000_0000_0000", "U64 (9223372036854775808u64)"),
        ("-9223372036854775808", "I64 (- 9223372036854775808i64)"),
        ("1.5", "F64 (1.5f64)"),
        ("-1.5f32", "F64 (- 1.5f64)"),
        ("2f64", "F64 (2f64)"),
        ("1i128", ""),
        ("-1u8", ""),
        ("-128i8", "I64 (- 128i64)"),
        ("1e999", ""),
        ("'a'", ""),
        ("b\"a\"", ""),
    ] {
        let expansion = counted(&format!("dims(a = {literal})"), "fn f() {}");
        if value.is_empty() {
            assert!(
                expansion.contains("dimension (& ("),
                "{literal}: {expansion}"
            );
        } else {
            assert!(
                expansion.contains(&format!("Value :: {value}")),
                "{literal}: {expansion}"
            );
        }
    }
}

#[test]
fn a_body_that_is_half_typed_still_expands() {
    for body in [
        "{ let n = number. }",
        "{ match }",
        "{ if a { b } else }",
        "{ #![allow(unused)] fn }",
    ] {
        let expansion = counted("", &format!("fn f() -> u32 {body}"));
        assert!(expansion.contains("Counter :: add"), "{expansion}");
        let rest = tokens(
            body.trim_start_matches("{ #![allow(unused)]")
                .trim_start_matches('{')
                .trim_end_matches('}'),
        );
        assert!(expansion.contains(&rest.to_string()), "{expansion}");
    }
}

#[test]
fn after_an_error_the_item_is_as_it_was() {
    for (args, item) in [
        ("nmae = 1", "# [inline] pub fn f () -> u32 { 1 }"),
        ("", "const fn f () { }"),
        ("", "struct Orders ;"),
        ("", "fn f () ;"),
        ("name =", "fn f (a , b) { half . }"),
        ("", "fn"),
        ("", ""),
    ] {
        let expansion = counted(args, item);
        assert!(
            expansion.starts_with(":: core :: compile_error !"),
            "{expansion}"
        );
        assert!(expansion.ends_with(item), "{expansion}");
    }
}

#[test]
fn an_instrument_is_registered_once() {
    let expansion = counted("", "fn f() {}");
    assert_eq!(expansion.matches("submit !").count(), 1);
    assert_eq!(expansion.matches("describe").count(), 1);
}

fn measured(args: &str, item: &str) -> String {
    impl_block::measured(tokens(args), tokens(item)).to_string()
}

#[test]
fn a_half_typed_body_still_expands_with_all_arguments() {
    for item in [
        "fn f() -> Result<u32, ()> { let n = number. }",
        "async fn f() -> Result<u32, ()> { match }",
        "fn f() -> impl Future<Output = u32> { async { if } }",
        "fn f(a: u8, (b, _): (u8, u8)) -> Thing { a. }",
        "impl Thing { fn f(&self) -> Thing { self. } fn g(&self) }",
    ] {
        let expansion = measured("", item);
        let body = item
            .split(['{', '}'])
            .rfind(|part| part.contains(['.', 'm', 'i']));
        let body = tokens(body.unwrap_or_default().trim_start_matches("async")).to_string();
        assert!(expansion.contains(body.trim()), "{item}: {expansion}");
        assert!(
            expansion.contains("inventory :: submit"),
            "{item}: {expansion}"
        );
    }
}

/// The parser reads the body as one token, however long it is.
#[test]
fn a_long_body_is_not_read_line_by_line() {
    let lines = "let a = a + call(a, \"text\")?;\n".repeat(2_000);
    let item = format!("fn long(mut a: u64) -> Result<u64, Error> {{ {lines} Ok(a) }}");
    let expansion = measured("dims(a = a)", &item);
    assert_eq!(expansion.matches("call (a , \"text\") ?").count(), 2_000);
}

#[test]
fn variables_are_found_where_they_are_read() {
    for (expr, is_read) in [
        ("ret", true),
        ("ret.len()", true),
        ("f(&[1, *ret])", true),
        ("0..ret", true),
        ("0..=ret", true),
        ("if a { ret } else { 0 }", true),
        ("Point { x: ret }", true),
        ("format!(\"{ret}\").len()", true),
        ("format!(\"{a} {ret:?}\").len()", true),
        ("format!(\"{:ret$}\", 1).len()", true),
        ("ret == 1", true),
        ("timed(ret = 1)", false),
        ("self.ret", false),
        ("self.ret()", false),
        ("ret::LIMIT", false),
        ("limits::ret", false),
        ("Point { ret: 1 }", false),
        ("\"{ret}\".len()", false),
        ("format!(\"{retry} ret\").len()", false),
        ("returned", false),
    ] {
        let found = crate::tokens::find_variable(&tokens(expr), "ret").is_some();
        assert_eq!(found, is_read, "{expr}");
    }
}
