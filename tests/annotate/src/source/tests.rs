use super::annotate;
use crate::Options;

fn options() -> Options {
    Options {
        with: vec!["m".to_owned()],
        impls: None,
        macros: false,
        tests: false,
    }
}

/// `@` marks where attributes of functions go, and `%` where attributes of blocks go.
fn check(options: &Options, marked: &str) {
    let source = marked.replace(['@', '%'], "");
    let annotated = annotate(&source, options).unwrap();
    let expected = marked.replace('@', "#[::dt_metrics::m] ");
    let expected = expected.replace('%', "#[::dt_metrics::b] ");
    assert_eq!(annotated.text, expected);
    assert_eq!(annotated.count, marked.matches(['@', '%']).count());
    assert_eq!(annotated.text.lines().count(), source.lines().count());
}

#[test]
fn functions_with_a_body_are_annotated_where_they_begin() {
    for marked in [
        "@fn f() {}",
        "/// é\n#[inline]\n@pub(crate) async unsafe fn f<T>() {}\n@extern \"C\" fn g() {}",
        "#[inline] @fn f() { @fn g() {} let x = || {}; x() }",
        "const fn f() { @fn g() {} }",
        "mod m { @fn f() {} }",
        "trait T { fn f(); @fn g() {} }",
        "impl T { @fn f() {} const fn g() {} @pub fn h() {} }",
        "extern \"C\" { fn f(); }",
        "const F: fn() = { @fn f() {} f };",
        "macro_rules! m { ($f:ident) => { fn $f() {} } } m! { fn f() {} }",
        "\u{feff}@fn f() {}",
    ] {
        check(&options(), marked);
    }
}

#[test]
fn blocks_are_annotated_in_place_of_their_functions() {
    let options = Options {
        impls: Some("b".to_owned()),
        ..options()
    };
    for marked in [
        "#[cfg(all())] %impl<T> S<T> { fn f() { @fn g() {} } }",
        "%unsafe impl T for S { fn f() {} }",
        "impl S { const fn f() {} }",
        "impl S { const N: u8 = 1; }",
        "@fn f() {}",
    ] {
        check(&options, marked);
    }
}

#[test]
fn several_annotations_are_stacked() {
    let options = Options {
        with: vec!["a(b, c(d))".to_owned(), "e".to_owned()],
        ..options()
    };
    let annotated = annotate("impl S { fn f() {} }", &options).unwrap();
    let expected = "impl S { #[::dt_metrics::a(b, c(d))] #[::dt_metrics::e] fn f() {} }";
    assert_eq!(annotated.text, expected);
}

#[test]
fn functions_that_macros_write_are_annotated() {
    let options = Options {
        macros: true,
        ..options()
    };
    for marked in [
        "macro_rules! m { ($f:ident) => { #[a] @pub(crate) fn $f() {} } }",
        "macro_rules! m { ($v:vis fn $f:ident() $b:block) => { @$v fn $f() $b }; }",
        "macro_rules! m { (fn $f:ident() {}) => {}; () => { fn f(); const fn g() {} } }",
        "macro_rules! m { ($($c:tt)? $u:tt) => { $($c)? fn f() {} $u fn g() {} } }",
        "macro_rules! m { ($(#[$m:meta])*) => { $(#[$m])* @async fn f() -> [u8; { 1 }] {} } }",
        "m! { @fn f() { fn(1) } type F = fn() -> u8; @pub extern \"C\" fn g() {} }",
        "impl S { m! { @fn f(&self) {} } }",
        "@fn f() { m!(fn g() {}); }",
    ] {
        check(&options, marked);
    }
}

#[test]
fn invalid_rust_is_an_error() {
    assert!(annotate("fn", &options()).is_err());
}
